import assert from "node:assert/strict";
import { test } from "node:test";
import { countValues, toColumns, toSeries, valueAt } from "../lib/series.js";

const ANSWER = { times: ["2021-01-01T00:00:00Z", "2021-01-02T00:00:00Z"], values: { value: [1.5, null] }, units: "K" };

test("Columns are seconds and values.", () => {
  assert.deepEqual(toColumns(toSeries(ANSWER)), [[1609459200, 1609545600], [1.5, null]]);
});

test("The value at a step tells no data from no such step.", () => {
  const series = toSeries(ANSWER);
  assert.deepEqual(valueAt(series, ANSWER.times[0]), { value: 1.5 });
  assert.deepEqual(valueAt(series, ANSWER.times[1]), { value: null });
  assert.equal(valueAt(series, "2022-01-01T00:00:00Z"), null);
  assert.equal(valueAt(series, null), null);
});

test("Only steps with data count.", () => {
  assert.equal(countValues(toSeries(ANSWER)), 1);
});
