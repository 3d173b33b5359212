import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOwn } from "../colour/own.js";
import { colorAt, rampOf } from "../colour/ramp.js";
import { positionOf, valueAt } from "../colour/scale.js";

const lut = Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : i >> 2));
const GREYS = { lut, classes: null };
const style = { colormap: "greys", rescale: /** @type {[number, number]} */ ([0, 255]), scale: /** @type {const} */ ("linear"), categories: null };

test("The ends of a range, and what is beyond, have the end colours.", () => {
  const ramp = rampOf(style, GREYS);
  assert.ok(ramp);
  assert.deepEqual([-9, 0, 255, 999].map((value) => colorAt(ramp, value)[0]), [0, 0, 255, 255]);
  assert.deepEqual([null, NaN].map((value) => colorAt(ramp, value)), [[0, 0, 0, 0], [0, 0, 0, 0]]);
});

test("Without a table or a range there is no ramp yet.", () => {
  assert.equal(rampOf(style, null), null);
  assert.equal(rampOf({ ...style, rescale: null }, GREYS), null);
});

test("Equal styles share one table.", () => {
  assert.equal(rampOf(style, GREYS)?.table, rampOf({ ...style, rescale: [0, 1] }, GREYS)?.table);
});

test("Classes have their own colours, and nothing between them.", () => {
  const categories = [{ value: 3, label: "a", color: "#ff0000" }, { value: 5, label: "b", color: "#0000ff80" }];
  const ramp = rampOf({ ...style, categories }, null);
  assert.ok(ramp);
  assert.deepEqual([2, 3, 4, 5, 6, 3.0004].map((value) => colorAt(ramp, value)), [
    [0, 0, 0, 0], [255, 0, 0, 255], [0, 0, 0, 0], [0, 0, 255, 128], [0, 0, 0, 0], [255, 0, 0, 255],
  ]);
});

test("Bits and classes far apart are the server's to colour.", () => {
  assert.equal(rampOf({ ...style, categories: [{ value: 0, label: "", color: "#000000" }, { value: 1e6, label: "", color: "#000000" }] }, null), null);
  assert.equal(rampOf({ ...style, categories: [/** @type {any} */ ({ value: 1, label: "", color: "#000000", mask: 1 })] }, null), null);
});

test("Steps take values from their low end to below their high one.", () => {
  const ramp = rampOf({ ...style, colormap: '[[[0,10],"#ff0000"],[[20,30],"#00ff00"]]' }, null);
  assert.ok(ramp);
  assert.deepEqual([-1, 0, 9.9, 10, 20, 30].map((value) => colorAt(ramp, value)[3]), [0, 255, 255, 0, 255, 0]);
});

test("Colours from low to high are mixed evenly.", () => {
  const ramp = rampOf({ ...style, colormap: '["#000000","#ffffff"]' }, null);
  assert.ok(ramp);
  assert.deepEqual(colorAt(ramp, 127.5).slice(0, 3), [128, 128, 128]);
});

for (const bad of ["{}", "[]", '["red"]', '["#000000"]', '{"a":"#000000"}', '[[[0,10],"#ff0000"],[[5,30],"#00ff00"]]', "[1", "[[[0,10]]]"]) {
  test(`Nonsense is no colormap: ${bad}.`, () => {
    assert.equal(parseOwn(bad), null);
  });
}

for (const [scale, low, high] of /** @type {const} */ ([["linear", -3, 7], ["log", 0.01, 100], ["symlog", -50, 100]])) {
  test(`A position is the inverse of a value: ${scale}.`, () => {
    for (const part of [0, 0.2, 0.5, 1]) {
      assert.ok(Math.abs(positionOf(scale, low, high, valueAt(scale, low, high, part)) - part) < 1e-9);
    }
  });
}

test("Colours of three digits are those of six; what is read by the server alone is no ramp.", () => {
  const style = { rescale: /** @type {[number, number]} */ ([0, 1]), scale: /** @type {const} */ ("linear"), categories: null };
  const [short, long] = ['["#000","#f80"]', '["#000000","#ff8800"]'].map((colormap) => rampOf({ ...style, colormap }, null));
  assert.deepEqual(short?.table, long?.table);
  const table = { lut: new Uint8Array(1024), classes: null };
  assert.equal(rampOf({ ...style, colormap: '["red","blue"]' }, table), null);
});
