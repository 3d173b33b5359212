import assert from "node:assert/strict";
import { test } from "node:test";
import { legendAddress, tileAddress, valueAddress } from "../lib/address.js";
import { PLAIN } from "../lib/layers.js";
import { detail } from "./example.js";

const [air, , picture] = detail.variables;
const layer = { ...PLAIN, id: "1", dataset: detail.id, variable: "air" };
const tile = { time: /** @type {string | null} */ (null), z: 2, x: 1, y: 3, suffix: ".bin" };
const chosen = { ...layer, colormap: "viridis_r", rescale: /** @type {[number, number]} */ ([0, 1]), scale: /** @type {const} */ ("log") };

test("A tile's address has the step of each dimension that the variable has, and no others.", () => {
  const address = tileAddress(detail, { ...layer, dims: { level: "850", member: "3" } }, air, { ...tile, time: "2024-01-01T00:00:00Z" });
  assert.equal(address, "tiles/m%C3%B6del/air/2/1/3.bin?time=2024-01-01T00%3A00%3A00Z&level=850&version=v1");
});

test("A raw tile's address has no colours, a picture's has those chosen.", () => {
  assert.equal(tileAddress(detail, chosen, air, tile), "tiles/m%C3%B6del/air/2/1/3.bin?version=v1");
  const drawn = tileAddress(detail, chosen, air, { ...tile, suffix: "@2x.png", tms: "WorldCRS84Quad", colours: true });
  assert.equal(drawn, "tiles/m%C3%B6del/air/WorldCRS84Quad/2/1/3@2x.png?colormap_name=viridis_r&rescale=0%2C1&scale=log&version=v1");
});

test("A style at its default is left to the server.", () => {
  assert.equal(legendAddress(layer, air), "legend/m%C3%B6del/air.json");
});

test("Own colours go as JSON.", () => {
  assert.equal(legendAddress({ ...layer, colormap: '["#000","#fff"]' }, air), "legend/m%C3%B6del/air.json?colormap=%5B%22%23000%22%2C%22%23fff%22%5D");
});

test("A composite has no colour map.", () => {
  assert.doesNotMatch(tileAddress(detail, chosen, picture, { ...tile, colours: true }), /colormap/);
});

test("Addresses are relative to the page, whatever its prefix.", () => {
  const address = valueAddress("timeseries", layer, air, [["lon", 11.3], ["lat", 47.2], ["f", "csv"]]);
  assert.equal(address, "timeseries/m%C3%B6del/air?lon=11.3&lat=47.2&f=csv");
  assert.equal(new URL(address, "http://h/proxy/8080/").pathname, "/proxy/8080/timeseries/m%C3%B6del/air");
});

test("An expression goes along.", () => {
  const address = valueAddress("point", { ...layer, variable: "_", expression: "air*2" }, { ...air, id: "_" }, [["lon", 1], ["lat", 2]]);
  assert.equal(address, "point/m%C3%B6del/_?lon=1&lat=2&expression=air*2");
});
