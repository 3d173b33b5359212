import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStops, readStops, writeStops } from "../colour/entries.js";
import { reverseOwn } from "../colour/own.js";
import { colorAt, rampOf } from "../colour/ramp.js";

const linear = /** @type {const} */ ("linear");

test("Lines of values and colours are read as people and GDAL and QGIS write them.", () => {
  const text = "# a heading\n0, #FFFFFF\n10 255 0 0\n20,0,0,255,128,label\nnv 0 0 0\n\nINTERPOLATION:DISCRETE\n-1.5e1;#00ff00";
  assert.deepEqual(parseStops(text), {
    stops: [{ value: 0, color: "#ffffff" }, { value: 10, color: "#ff0000" }, { value: 20, color: "#0000ff80" }, { value: -15, color: "#00ff00" }],
    bad: [],
  });
});

test("Lines that are neither are told.", () => {
  assert.deepEqual(parseStops("10\nred 5\n5 300 0 0\n7, #12"), { stops: [], bad: ["10", "red 5", "5 300 0 0", "7, #12"] });
});

for (const scale of /** @type {const} */ (["linear", "log"])) {
  test(`Each stop of a continuous colormap has its colour at its value: ${scale}.`, () => {
    const stops = [{ value: 100, color: "#0000ff" }, { value: 1, color: "#ff0000" }, { value: 10, color: "#00ff00" }];
    const written = writeStops("continuous", stops, scale);
    assert.ok(written);
    const ramp = rampOf({ ...written, scale, categories: null }, null);
    assert.ok(ramp);
    for (const { value, color } of stops) {
      const [r, g, b] = colorAt(ramp, value);
      const wanted = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
      assert.ok([r, g, b].every((byte, i) => Math.abs(byte - wanted[i]) <= 12), `${value}: ${r} ${g} ${b}`);
    }
  });
}

test("Steps begin at their values, the last is the end.", () => {
  const written = writeStops("stepwise", [{ value: 0, color: "#111111" }, { value: 5, color: "#222222" }, { value: 9, color: "#333333" }], linear);
  assert.equal(written?.colormap, '[[[0,5],"#111111"],[[5,9],"#222222"]]');
});

test("Equal values, and too few, make no colormap.", () => {
  const one = { value: 1, color: "#000000" };
  assert.equal(writeStops("continuous", [one, { ...one }], linear), null);
  assert.equal(writeStops("continuous", [one], linear), null);
  assert.equal(writeStops("categorical", [{ value: 1.5, color: "#000000" }], linear), null);
  assert.equal(writeStops("continuous", [{ ...one, value: -1 }, one], "log"), null);
});

test("What is written is read again.", () => {
  const stops = [{ value: 1, color: "#ff0000" }, { value: 2, color: "#00ff00" }];
  for (const kind of /** @type {const} */ (["stepwise", "categorical"])) {
    const written = writeStops(kind, stops, linear);
    assert.ok(written);
    const again = readStops(written.colormap, null);
    assert.deepEqual([again.kind, again.stops.map(({ value }) => value)], [kind, [1, 2]]);
  }
});

test("Reversed twice is as before.", () => {
  for (const text of ['["#000000","#ffffff"]', '{"1":"#000000","2":"#ffffff"}', '[[[0,1],"#000000"],[[1,2],"#ffffff"]]']) {
    assert.notEqual(reverseOwn(text), text);
    assert.equal(reverseOwn(reverseOwn(text)), text);
  }
});
