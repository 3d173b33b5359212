import assert from "node:assert/strict";
import { test } from "node:test";
import { chartedOf, firstVariable, isGlobal, timeAfter, timeOf, unwrap, variableOf, wrap } from "../lib/select.js";
import { INITIAL } from "../store.js";
import { detail } from "./example.js";

const TIMES = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"];
const STATE = { ...INITIAL, detail, variable: "air", times: TIMES };

test("A dataset opens with its picture, or else with its first variable.", () => {
  assert.equal(firstVariable(detail)?.id, "true_color");
  assert.equal(firstVariable({ variables: detail.variables.slice(0, 2) })?.id, "air");
  assert.equal(firstVariable({ variables: [] }), null);
});

test("An unknown variable is the one that the dataset opens with.", () => {
  assert.equal(variableOf({ ...STATE, variable: "gone" })?.id, "true_color");
  assert.equal(variableOf({ ...STATE, detail: null }), null);
});

test("The chart is of the variable shown, or of the one chosen for it.", () => {
  assert.equal(chartedOf(STATE)?.id, "air");
  assert.equal(chartedOf({ ...STATE, chart: "mask" })?.id, "mask");
});

test("The chart of a picture is of a variable that is not one of its bands, if there is one.", () => {
  assert.equal(chartedOf({ ...STATE, variable: "true_color" })?.id, "mask");
});

test("The step shown is one of the axis.", () => {
  assert.equal(timeOf(STATE), TIMES[2]);
  assert.equal(timeOf({ ...STATE, time: "2024-01-01T20:00:00Z" }), TIMES[1]);
});

test("A variable without time has no step.", () => {
  assert.equal(timeOf({ ...STATE, variable: "mask" }), null);
});

test("Until the axis is there, the step is the link's, or the default.", () => {
  assert.equal(timeOf({ ...STATE, times: [] }), "2024-01-03T00:00:00Z");
  assert.equal(timeOf({ ...STATE, times: [], time: TIMES[0] }), TIMES[0]);
});

test("Steps go round.", () => {
  assert.equal(timeAfter(STATE, 1), TIMES[0]);
  assert.equal(timeAfter({ ...STATE, time: TIMES[0] }, -1), TIMES[2]);
  assert.equal(timeAfter({ ...STATE, times: [TIMES[0]] }, 1), null);
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
