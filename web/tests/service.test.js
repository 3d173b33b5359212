import assert from "node:assert/strict";
import { test } from "node:test";
import { PLAIN } from "../lib/layers.js";
import { baseOf, servicesOf, styleId } from "../lib/service.js";
import { INITIAL } from "../store.js";
import { detail } from "./example.js";

const BASE = "https://maps.example/cubes/";
const [air, mask, picture] = detail.variables;
const layer = { ...PLAIN, id: "1", dataset: detail.id, variable: "air", dims: { level: "850" } };
const shown = { ...INITIAL, layers: [layer], active: "1", details: { [detail.id]: detail } };

/** @param {Partial<import("../types.js").Layer>} patch @returns {Record<string, string>} address by title */
function addresses(patch = {}) {
  return Object.fromEntries(servicesOf({ ...shown, layers: [{ ...layer, ...patch }] }, BASE).map(({ title, address }) => [title, address]));
}

test("Nothing is told while nothing is shown.", () => {
  assert.deepEqual(servicesOf(INITIAL, BASE), []);
});

test("Addresses that are signed begin below their signature, for their dataset alone.", () => {
  const signed = { [detail.id]: { base: `${BASE}signed/abc`, expires: "2030-01-01T00:00:00Z" } };
  const base = baseOf({ ...shown, signed }, BASE);
  assert.equal(base, `${BASE}signed/abc/`);
  for (const { address } of servicesOf({ ...shown, signed }, base)) assert.ok(address.startsWith(`${BASE}signed/abc/`), address);
  assert.equal(baseOf({ ...shown, signed: { other: signed[detail.id] } }, BASE), BASE);
});

test("Addresses are whole, and keep the path that the page is under.", () => {
  for (const address of Object.values(addresses())) assert.ok(address.startsWith(BASE), address);
});

test("The step shown is in what shows one: the default time, and a chosen level.", () => {
  const found = addresses();
  for (const title of ["GDAL", "TileJSON", "XYZ tiles"]) {
    assert.match(found[title], /\?time=2024-01-03T00:00:00Z&level=850$/, title);
  }
  assert.match(found["QGIS layer"], /\.qlr\?level=850$/, "its times are all in QGIS");
  assert.match(addresses({ variable: "mask" })["XYZ tiles"], /\{y\}\.png$/);
});

test("Placeholders of tiles are not encoded, ids are.", () => {
  assert.match(addresses()["XYZ tiles"], /^https:\/\/maps\.example\/cubes\/tiles\/m%C3%B6del\/air\/\{z\}\/\{x\}\/\{y\}\.png\?/);
});

test("A chosen style goes along in each one's own words.", () => {
  const found = addresses({ colormap: "viridis", rescale: [0, 7.5] });
  assert.match(found["XYZ tiles"], /&colormap_name=viridis&rescale=0,7\.5$/);
  assert.match(found["QGIS layer"], /\?level=850&style=viridis:0:7\.5$/);
});

test("Files have the layer's name.", () => {
  const files = servicesOf(shown, BASE).map(({ file }) => file).filter(Boolean);
  assert.deepEqual(files, ["mödel.air.qlr", "mödel.air.xml"]);
});

test("A style id names colours, or a range of the layer's own, or nothing.", () => {
  const range = /** @type {[number, number]} */ ([1, 2]);
  assert.equal(styleId({ colormap: "magma_r", rescale: null }, air), "magma_r");
  assert.equal(styleId({ colormap: null, rescale: range }, air), "thermal:1:2");
  assert.equal(styleId({ colormap: null, rescale: null }, air), null);
  assert.equal(styleId({ colormap: null, rescale: range }, picture), null);
  assert.equal(styleId({ colormap: null, rescale: null }, mask), null);
});
