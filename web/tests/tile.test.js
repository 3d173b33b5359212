import assert from "node:assert/strict";
import { test } from "node:test";
import { rawValue, unpack } from "../tile/decode.js";
import { readingAt } from "../tile/reading.js";
import { isPaintable, requestOf } from "../tile/request.js";
import { Shelf } from "../tile/shelf.js";
import { PLAIN } from "../lib/layers.js";
import { detail as DETAIL } from "./example.js";

/** As the server packs codes of bands of 3 × 2 pixels. @param {number[][]} bands */
function pack(bands, scale = 0.5, offset = -10) {
  const head = new ArrayBuffer(20);
  const view = new DataView(head);
  [..."TSB1"].forEach((letter, i) => view.setUint8(i, letter.charCodeAt(0)));
  [3, 2, bands.length].forEach((size, i) => view.setUint16(4 + 2 * i, size, true));
  view.setFloat32(12, scale, true);
  view.setFloat32(16, offset, true);
  const planes = bands.flatMap((codes) => {
    const steps = codes.map((code, i) => (i % 3 ? code - codes[i - 1] + 65536 : code) % 65536);
    return [...steps.map((step) => step >> 8), ...steps.map((step) => step & 255)];
  });
  return new Uint8Array([...new Uint8Array(head), ...planes]).buffer;
}

const LAYER = { ...PLAIN, id: "1", dataset: DETAIL.id, variable: "air" };
const CODES = [1, 65535, 0, 300, 299, 40000];

test("codes are what was packed, differences beyond 16 bits too", () => {
  const tile = unpack(pack([CODES, CODES.toReversed()]));
  assert.deepEqual([...tile.codes], [...CODES, ...CODES.toReversed()]);
  assert.deepEqual([tile.width, tile.height, tile.bands, tile.scale, tile.offset], [3, 2, 2, 0.5, -10]);
});

test("code 0 is no data, others are values", () => {
  const tile = unpack(pack([CODES]));
  assert.equal(rawValue(tile, 0, 2, 0), null);
  assert.equal(rawValue(tile, 0, 0, 1), -10 + 0.5 * 300);
});

test("what is no tile, or half of one, is refused", () => {
  assert.throws(() => unpack(new TextEncoder().encode("<html>an error page</html>").buffer), /TSB1/);
  assert.throws(() => unpack(pack([CODES]).slice(0, 25)), /hold/);
  assert.throws(() => unpack(new ArrayBuffer(0)), /TSB1/);
});

test("a shelf keeps what was used last within its bytes, and tells what leaves", () => {
  /** @type {string[]} */
  const left = [];
  const shelf = new Shelf(10, (item) => left.push(item));
  for (const name of ["a", "b", "c"]) {
    shelf.put(name, name, 4);
    shelf.get("a");
  }
  assert.deepEqual([shelf.get("a"), shelf.get("b"), shelf.get("c")], ["a", null, "c"]);
  assert.deepEqual([left, shelf.bytes], [["b"], 8]);
});

test("one that weighs more than the shelf is kept until the next", () => {
  const shelf = new Shelf(10);
  shelf.put("large", "large", 20);
  assert.equal(shelf.get("large"), "large");
  shelf.put("small", "small", 1);
  assert.deepEqual([shelf.get("large"), shelf.bytes], [null, 1]);
});

test("raw tiles are asked for without colours, pictures with them", () => {
  const state = { details: { [DETAIL.id]: DETAIL }, ranges: {} };
  const layer = { ...LAYER, colormap: "magma" };
  const place = { z: 3, x: 1, y: 2 };
  const raw = requestOf(state, layer, null, place, true);
  const image = requestOf(state, layer, null, { ...place, isLarge: true }, false);
  assert.equal(raw?.kind, "raw");
  assert.match(raw?.address ?? "", /\/3\/1\/2\.bin\?/);
  assert.doesNotMatch(raw?.address ?? "", /magma/);
  assert.match(image?.address ?? "", /\/3\/1\/2@2x\.png\?.*colormap_name=magma/);
});

test("a layer without a known range is left to the server", () => {
  const layer = { ...LAYER, variable: "_", expression: "2*air" };
  assert.equal(isPaintable({ details: { [DETAIL.id]: DETAIL }, ranges: {} }, layer), false);
  assert.equal(isPaintable({ details: { [DETAIL.id]: DETAIL }, ranges: {} }, { ...layer, rescale: [0, 1] }), true);
});

test("a pixel is told with its units, an empty one as such, a picture not at all", () => {
  const state = { details: { [DETAIL.id]: DETAIL }, ranges: {} };
  const tile = unpack(pack([CODES]));
  assert.deepEqual(readingAt(state, LAYER, tile, 0, 1), { layer: LAYER.id, value: 140, text: "140 K" });
  assert.deepEqual(readingAt(state, LAYER, tile, 2, 0), { layer: LAYER.id, value: null, text: "–" });
  assert.equal(readingAt(state, LAYER, { kind: "image", width: 3, height: 2, bitmap: /** @type {any} */ (null) }, 0, 0), null);
});
