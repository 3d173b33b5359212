import assert from "node:assert/strict";
import { test } from "node:test";
import { PLAIN } from "../lib/layers.js";
import { INITIAL } from "../store.js";
import { upcoming } from "../time/player.js";
import { detail } from "./example.js";

const TIMES = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"];
const air = { ...PLAIN, id: "1", dataset: detail.id, variable: "air" };
/** @type {import("../types.js").State} */
const STATE = { ...INITIAL, layers: [air], active: "1", details: { [detail.id]: detail }, axes: { [`${detail.id}/time`]: TIMES }, time: TIMES[2] };

/** @param {Partial<import("../types.js").State>} patch @param {1 | -1} [direction] */
const days = (patch, direction = 1) => upcoming({ ...STATE, ...patch }, direction, 6).map(({ time }) => Number(time.slice(8, 10)));

test("Played round, the first step follows the last.", () => {
  assert.deepEqual(days({ repeat: "loop" }), [4, 1, 2, 3, 4, 1]);
});

test("Played to and fro, no end is shown twice.", () => {
  assert.deepEqual(days({ repeat: "bounce" }), [4, 3, 2, 1, 2, 3]);
  assert.deepEqual(days({ repeat: "bounce" }, -1), [2, 1, 2, 3, 4, 3]);
});

test("Played once, the end is the end.", () => {
  assert.deepEqual(days({ repeat: "once" }), [4]);
  assert.deepEqual(days({ repeat: "once", time: TIMES[3] }), []);
});

test("Play stays within the stretch that is chosen.", () => {
  assert.deepEqual(days({ repeat: "loop", range: [TIMES[1], TIMES[2]] }), [2, 3, 2, 3]);
});

test("One step is not played.", () => {
  assert.deepEqual(days({ axes: { [`${detail.id}/time`]: TIMES.slice(0, 1) }, time: null }), []);
});
