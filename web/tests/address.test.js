import assert from "node:assert/strict";
import { test } from "node:test";
import { legendAddress, tileTemplate, valueAddress } from "../lib/address.js";
import { INITIAL } from "../store.js";
import { detail } from "./example.js";

const [air, , picture] = detail.variables;

test("A tile's address has the step of each dimension that the variable has, and no others.", () => {
  const state = { ...INITIAL, dims: { level: "850", member: "3" } };
  const address = tileTemplate(state, detail, air, "2024-01-01T00:00:00Z");
  assert.equal(address, "tiles/m%C3%B6del/air/{z}/{x}/{y}{r}.png?time=2024-01-01T00%3A00%3A00Z&level=850&version=v1");
});

test("A style at its default is left to the server.", () => {
  assert.equal(legendAddress(INITIAL, detail, air), "legend/m%C3%B6del/air.json");
});

test("A chosen style is in the address of tiles and legend.", () => {
  const state = { ...INITIAL, colormap: "viridis_r", rescale: /** @type {[number, number]} */ ([0, 1]), scale: /** @type {const} */ ("log") };
  assert.match(tileTemplate(state, detail, air, null), /\?colormap_name=viridis_r&rescale=0%2C1&scale=log&version=v1$/);
  assert.match(legendAddress(state, detail, air), /\?colormap_name=viridis_r&rescale=0%2C1&scale=log$/);
});

test("A composite has no colour map.", () => {
  const state = { ...INITIAL, colormap: "viridis" };
  assert.doesNotMatch(tileTemplate(state, detail, picture, null), /colormap/);
});

test("Braces in a value are not taken for placeholders of the template.", () => {
  const state = { ...INITIAL, dims: { level: "{x}" } };
  assert.match(tileTemplate(state, detail, air, null), /level=%7Bx%7D/);
});

test("Addresses are relative to the page, whatever its prefix.", () => {
  const state = { ...INITIAL, point: { lon: 11.3, lat: 47.2 } };
  const address = valueAddress("timeseries", state, detail, air, [["f", "csv"]]);
  assert.equal(address, "timeseries/m%C3%B6del/air?lon=11.3&lat=47.2&f=csv");
  assert.equal(new URL(address, "http://h/proxy/8080/").pathname, "/proxy/8080/timeseries/m%C3%B6del/air");
});
