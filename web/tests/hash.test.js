import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULTS, decodeHash, encodeHash } from "../lib/hash.js";

/** @type {import("../types.js").Link} */
const LINK = {
  dataset: "ocean",
  variable: "sst & more",
  time: "2021-03-02T00:00:00Z",
  dims: { level: "850", "odd name": "a=b&c" },
  colormap: "viridis_r",
  rescale: [-2, 30.5],
  scale: "symlog",
  opacity: 0.7,
  speed: 8,
  view: { zoom: 3, lat: 47.25, lon: -11.5 },
  point: { lon: -122.5, lat: 10.25 },
  chart: "sst",
  theme: "dark",
};

test("A link restores everything.", () => {
  assert.deepEqual(decodeHash(`#${encodeHash(LINK)}`), LINK);
});

test("What is at its default is not in the link.", () => {
  assert.equal(encodeHash({ ...DEFAULTS, dataset: "s2" }), "dataset=s2");
});

test("Times and pairs stay readable.", () => {
  assert.match(encodeHash(LINK), /time=2021-03-02T00:00:00Z/);
  assert.match(encodeHash(LINK), /rescale=-2,30\.5/);
});

test("An empty hash is the defaults.", () => {
  assert.deepEqual(decodeHash(""), DEFAULTS);
});

for (const bad of ["rescale=5,5", "rescale=9,1", "rescale=1", "rescale=a,b", "scale=cubic", "opacity=2",
  "opacity=", "speed=3", "view=3/99/0", "view=a/b/c", "view=1/2", "point=1,91", "point=1", "theme=pink", "dim.=1", "&&=", "%E0%A4%A"]) {
  test(`Nonsense is at its default: ${bad}.`, () => {
    assert.deepEqual(decodeHash(`#${bad}`), DEFAULTS);
  });
}

test("A plus is a plus, not a space.", () => {
  assert.equal(decodeHash("#time=2021-01-01T00:00:00+00:00").time, "2021-01-01T00:00:00+00:00");
});
