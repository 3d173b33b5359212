import assert from "node:assert/strict";
import { test } from "node:test";
import { countValues, percentile, roundRange, sampleValues } from "../colour/histogram.js";
import { ticksOf } from "../colour/ticks.js";

const values = (/** @type {Parameters<typeof ticksOf>} */ ...range) => ticksOf(...range).map(({ value }) => value);

test("Ticks are round, within the range, and few.", () => {
  assert.deepEqual(values(-2, 32, "linear", 6), [0, 10, 20, 30]);
  assert.deepEqual(values(0, 1, "linear", 6), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(values(980, 1035, "linear", 6), [980, 1000, 1020]);
  assert.deepEqual(values(0.02, 20, "log", 6), [0.03, 0.1, 0.3, 1, 3, 10]);
  assert.deepEqual(values(1e-5, 1e5, "log", 6), [1e-5, 1e-3, 0.1, 10, 1000, 1e5]);
  assert.deepEqual(values(-100, 100, "symlog", 7), [-100, -1, 0, 1, 100]);
  assert.deepEqual(values(-5, 30, "symlog", 6), [-0.1, 0, 0.1, 10]);
  assert.deepEqual(values(0, 5000, "symlog", 6), [0, 1, 10, 100, 1000].slice(0, values(0, 5000, "symlog", 6).length));
  assert.deepEqual(values(3, 4, "log", 6), [3, 4]);
});

test("Labels have the digits that tell them apart.", () => {
  const labels = (/** @type {number} */ low, /** @type {number} */ high) => ticksOf(low, high, "linear", 5).map(({ label }) => label);
  assert.deepEqual(labels(1000, 1001), ["1000", "1000.25", "1000.5", "1000.75", "1001"]);
  assert.deepEqual(labels(-1, 1), ["\u22121", "\u22120.5", "0", "0.5", "1"]);
  assert.deepEqual(labels(0, 2e7), ["0", "5.00e+6", "1.00e+7", "1.50e+7", "2.00e+7"]);
});

test("Positions lie within the bar, in the order of values.", () => {
  for (const scale of /** @type {const} */ (["linear", "log", "symlog"])) {
    const positions = ticksOf(0.3, 700, scale, 6).map(({ position }) => position);
    assert.ok(positions.length >= 2 && positions.every((position, i) => position >= -1e-6 && position <= 1 + 1e-6 && (i === 0 || position > positions[i - 1])));
  }
});

/** @type {import("../tile/source.js").TileData} */
const data = { kind: "raw", width: 4, height: 2, bands: 1, codes: Uint16Array.from([0, 1, 2, 3, 4, 5, 6, 7]), scale: 0.5, offset: 10 };

test("Of what is in view, the values are taken; no data is no value.", () => {
  assert.deepEqual([...sampleValues([{ data, left: 0, top: 0, right: 4, bottom: 2 }])], [10.5, 11, 11.5, 12, 12.5, 13, 13.5]);
  assert.deepEqual([...sampleValues([{ data, left: 2, top: 1, right: 4, bottom: 2 }])], [13, 13.5]);
  assert.deepEqual([...sampleValues([])], []);
});

test("Percentiles are numpy's.", () => {
  const sorted = Float32Array.from([1, 2, 3, 4]);
  assert.deepEqual([0, 25, 50, 100].map((percent) => percentile(sorted, percent)), [1, 1.75, 2.5, 4]);
  assert.ok(Number.isNaN(percentile(new Float32Array(), 50)));
});

test("Counts are by even bins of the scale.", () => {
  assert.deepEqual([...countValues(Float32Array.from([0, 1, 5, 9, 10, 11]), 0, 10, "linear", 2)], [2, 3]);
  assert.deepEqual([...countValues(Float32Array.from([1, 5, 50, 100]), 1, 100, "log", 2)], [2, 2]);
});

test("Ranges have the digits that matter.", () => {
  assert.deepEqual(roundRange(1.23456, 7.65432), [1.23, 7.65]);
  assert.deepEqual(roundRange(98123.4, 103456.7), [98123, 103457]);
});
