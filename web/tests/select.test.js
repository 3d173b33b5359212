import assert from "node:assert/strict";
import { test } from "node:test";
import { PLAIN } from "../lib/layers.js";
import { activeOf, axisOf, detailOf, firstVariable, isGlobal, rangeOn, styleOf, timeAfter, timeOf, timesInRange, unwrap, variableOf, wrap } from "../lib/select.js";
import { INITIAL } from "../store.js";
import { detail } from "./example.js";

const TIMES = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"];
const air = { ...PLAIN, id: "1", dataset: detail.id, variable: "air" };
const mask = { ...air, variable: "mask" };
/** @type {import("../types.js").State} */
const STATE = { ...INITIAL, layers: [air], active: "1", details: { [detail.id]: detail }, axes: { [`${detail.id}/time`]: TIMES } };

test("The active layer is the one named, else the top one.", () => {
  const layers = [air, { ...mask, id: "2" }];
  assert.equal(activeOf({ layers, active: "1" })?.id, "1");
  assert.equal(activeOf({ layers, active: null })?.id, "2");
  assert.equal(activeOf({ layers: [], active: "1" }), null);
});

test("A dataset opens with its picture, or else with its first variable.", () => {
  assert.equal(firstVariable(detail)?.id, "true_color");
  assert.equal(firstVariable({ variables: detail.variables.slice(0, 2) })?.id, "air");
  assert.equal(firstVariable({ variables: [] }), null);
});

test("A variable is known once its dataset is.", () => {
  assert.equal(variableOf(STATE, air)?.title, "Air temperature");
  assert.equal(variableOf({ details: {} }, air), null);
  assert.equal(variableOf(STATE, { ...air, variable: "gone" }), null);
});

test("An expression has the dimensions of what it names.", () => {
  const expressed = (/** @type {string} */ expression) => variableOf(STATE, { ...air, variable: "_", expression });
  assert.deepEqual(expressed("air - 273.15")?.dims, ["time", "level", "y", "x"]);
  assert.deepEqual(expressed("mask * 2")?.dims, ["y", "x"]);
  assert.deepEqual(expressed("airs")?.dims, []);
  assert.equal(expressed("air;air;air")?.kind, "composite");
});

test("The step shown is one of the axis.", () => {
  assert.equal(timeOf(STATE, air), TIMES[2]);
  assert.equal(timeOf({ ...STATE, time: "2024-01-01T20:00:00Z" }, air), TIMES[1]);
});

test("A layer's own time comes before that of all.", () => {
  assert.equal(timeOf({ ...STATE, time: TIMES[2] }, { ...air, time: TIMES[0] }), TIMES[0]);
});

test("A variable without time has no step.", () => {
  assert.equal(timeOf(STATE, mask), null);
  assert.deepEqual(axisOf(STATE, mask), []);
});

test("The dimension of time may have any name.", () => {
  const { time, ...others } = detail.dimensions;
  const variables = detail.variables.map((one) => ({ ...one, dims: one.dims.map((name) => (name === "time" ? "valid" : name)) }));
  const other = { ...detail, variables, dimensions: { ...others, valid: time } };
  const state = { ...STATE, details: { [detail.id]: other }, axes: { [`${detail.id}/valid`]: TIMES } };
  assert.equal(timeOf(state, air), TIMES[2]);
});

test("Until the axis is there, the step is the link's, or the default.", () => {
  assert.equal(timeOf({ ...STATE, axes: {} }, air), "2024-01-03T00:00:00Z");
  assert.equal(timeOf({ ...STATE, axes: {}, time: TIMES[0] }, air), TIMES[0]);
});

test("Steps go round, within the range that is chosen.", () => {
  assert.equal(timeAfter(STATE, 1), TIMES[0]);
  assert.equal(timeAfter({ ...STATE, time: TIMES[0] }, -1), TIMES[2]);
  assert.equal(timeAfter({ ...STATE, time: TIMES[1], range: [TIMES[0], TIMES[1]] }, 1), TIMES[0]);
  assert.equal(timeAfter({ ...STATE, axes: { [`${detail.id}/time`]: [TIMES[0]] } }, 1), null);
});

test("A style is what is chosen, else the server's.", () => {
  assert.deepEqual(styleOf(STATE, air), { colormap: "thermal", rescale: [200, 300], scale: "linear", categories: null });
  const chosen = { ...air, colormap: "jet", rescale: /** @type {[number, number]} */ ([0, 1]), scale: /** @type {const} */ ("log") };
  assert.deepEqual(styleOf(STATE, chosen), { colormap: "jet", rescale: [0, 1], scale: "log", categories: null });
});

test("A box across 180° has its east beyond its west.", () => {
  assert.deepEqual(unwrap([170, -50, -170, -30]), [170, -50, 190, -30]);
  assert.equal(isGlobal([0, -90, 360, 90]), true);
  assert.equal(isGlobal([0, 40, 20, 50]), false);
});

test("What the map shows is a box of the one world.", () => {
  assert.deepEqual(wrap([-400, -100, 100, 95]), [-180, -90, 180, 90]);
  assert.deepEqual(wrap([170, -10, 200, 10]), [170, -10, -160, 10]);
});

test("A range that was chosen for other data is none.", () => {
  assert.deepEqual(timesInRange(TIMES, [TIMES[1], "2030-01-01T00:00:00Z"]), TIMES.slice(1));
  assert.deepEqual(timesInRange(TIMES, ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"]), TIMES);
  assert.equal(rangeOn(TIMES, ["1999-01-01T00:00:00Z", "2000-01-01T00:00:00Z"]), null);
});

test("Before the steps are known a time beyond them all is their end.", () => {
  const time = { ...detail.dimensions.time, first: TIMES[0], last: TIMES[2] };
  const early = { ...STATE, axes: {}, details: { [detail.id]: { ...detail, dimensions: { ...detail.dimensions, time } } } };
  assert.equal(timeOf({ ...early, time: "2030-01-01" }, air), TIMES[2]);
  assert.equal(timeOf({ ...early, time: "1990-01-01" }, air), TIMES[0]);
  assert.equal(timeOf({ ...early, time: "2024-01-02T06:00:00Z" }, air), "2024-01-02T06:00:00Z");
});

test("A dataset called as objects' own parts is not there.", () => {
  const layer = { ...PLAIN, id: "a", dataset: "constructor", variable: "x" };
  assert.equal(detailOf({ details: {} }, layer), null);
});
