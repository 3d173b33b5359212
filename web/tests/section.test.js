import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyBlock, fillStep } from "../cube/block.js";
import { greatCircle } from "../lib/greatcircle.js";
import { PLAIN } from "../lib/layers.js";
import { alongLine, diagramOf, fillMean, middleOf, rowWeights, spanOf, stepAt } from "../section/diagram.js";
import { cellAt, degreesText, frameOf, kmText, marksOf } from "../section/plot.js";
import { lineOf, lineQuestions, lineTimeAddress, obstacle } from "../section/question.js";
import { diagramTable, lineTable } from "../section/table.js";
import { moved } from "../section/cursor.js";

const DAYS = ["2021-01-01", "2021-01-02", "2021-01-03", "2021-01-04"].map((day) => `${day}T00:00:00Z`);
const block = emptyBlock({ bbox: [170, -30, -170, 60], shape: [4, 3, 2], times: DAYS, units: "K" });
for (let step = 0; step < 4; step++) fillStep(block, step, [[1, 3], [5, null], [null, 9]].map((row) => row.map((value) => value && value + 10 * step)));

/** @param {"latitude" | "longitude"} kind */
function filled(kind) {
  const diagram = diagramOf(block, kind);
  for (let step = 0; step < 4; step++) fillMean(diagram, block, step);
  return diagram;
}

test("Means over longitude leave out what has no value; latitudes ascend.", () => {
  const { values, low, high, count } = filled("latitude");
  assert.deepEqual([low, high, count], [-30, 60, 3]);
  assert.deepEqual([...values.slice(0, 3)], [9, 5, 2]);
});

test("Means over latitude are weighted by the area of cells.", () => {
  const { values, low, high } = filled("longitude");
  const area = (/** @type {number} */ south, /** @type {number} */ north) => Math.sin((north * Math.PI) / 180) - Math.sin((south * Math.PI) / 180);
  const [top, middle, bottom] = [area(30, 60), area(0, 30), area(-30, 0)];
  assert.deepEqual([...rowWeights(block)].map((weight) => weight.toFixed(12)), [top, middle, bottom].map((weight) => weight.toFixed(12)));
  assert.ok(Math.abs(values[0] - (top * 1 + middle * 5) / (top + middle)) < 1e-6);
  assert.ok(Math.abs(values[1] - (top * 3 + bottom * 9) / (top + bottom)) < 1e-6);
  assert.deepEqual([low, high], [170, 190]);
});

test("A step stands for half the way to its neighbours, and for no gap.", () => {
  const times = [...DAYS, "2021-02-01T00:00:00Z"];
  const span = spanOf(times);
  assert.equal(span.typical, 86_400_000);
  assert.equal(stepAt(times, span, Date.parse("2021-01-02T11:00Z")), 1);
  assert.equal(stepAt(times, span, Date.parse("2021-01-02T13:00Z")), 2);
  assert.equal(stepAt(times, span, Date.parse("2021-01-15T00:00Z")), -1);
});

test("Time runs to the right beside latitudes, and down beside longitudes.", () => {
  const frame = { left: 10, top: 20, width: 400, height: 300 };
  assert.deepEqual(cellAt(filled("latitude"), frame, 15, 25), { step: 0, at: 2 });
  assert.deepEqual(cellAt(filled("latitude"), frame, 405, 315), { step: 3, at: 0 });
  assert.deepEqual(cellAt(filled("longitude"), frame, 15, 315), { step: 3, at: 0 });
  assert.equal(cellAt(filled("longitude"), frame, 5, 25), null);
});

test("Arrow keys go where they point, and stay within.", () => {
  const diagram = filled("latitude");
  assert.deepEqual(moved(diagram, { step: 1, at: 1 }, "ArrowUp"), { step: 1, at: 2 });
  assert.deepEqual(moved(diagram, { step: 3, at: 1 }, "ArrowRight"), { step: 3, at: 1 });
  assert.deepEqual(moved(filled("longitude"), { step: 1, at: 1 }, "ArrowDown"), { step: 2, at: 1 });
  assert.equal(moved(diagram, null, "a"), null);
});

test("Marks are round, and those of longitudes go on across 180°.", () => {
  const frame = frameOf("longitude", 500, 300);
  const { x } = marksOf(filled("longitude"), frame);
  assert.deepEqual(x.map(({ label }) => label), ["170° E", "175° E", "180°", "175° W", "170° W"]);
  assert.deepEqual(x.map(({ position }) => position), [0, 0.25, 0.5, 0.75, 1]);
  const { y } = marksOf(filled("latitude"), frameOf("latitude", 500, 300));
  assert.deepEqual(y.map(({ label }) => label), ["30° S", "15° S", "0°", "15° N", "30° N", "45° N", "60° N"]);
  assert.deepEqual([y[0].position, y[6].position], [1, 0]);
  assert.equal(degreesText("longitude", 200, 1), "160.0° W");
  assert.equal(kmText(1234567.4, 0), "1\u202f234\u202f567 km");
});

test("A line is asked for as the API takes it, for each layer that is seen and has values.", () => {
  const variable = { id: "sst", kind: "variable", dims: ["time", "y", "x"], range: null, style: {} };
  const picture = { ...variable, id: "rgb", kind: "composite" };
  const places = [{ id: "1", name: "", color: "#000000", geometry: { type: "LineString", coordinates: [[5, 45], [10.123456, 50]] } }];
  const state = /** @type {any} */ ({
    layers: [{ ...PLAIN, id: "1", dataset: "d", variable: "sst" }, { ...PLAIN, id: "2", dataset: "d", variable: "rgb" }, { ...PLAIN, id: "3", dataset: "d", variable: "sst", visible: false }],
    active: "1", time: null, places, place: null, range: null, section: "line", axes: { "d/time": DAYS },
    details: { d: { variables: [variable, picture], dimensions: { time: { type: "time", size: 4 } } } },
  });
  const found = lineQuestions(state);
  assert.deepEqual(found.map(({ id }) => id), ["1"]);
  assert.equal(found[0].address, "transect/d/sst?line=5%2C45%3B10.12346%2C50&points=256&time=2021-01-04T00%3A00%3A00Z");
  assert.match(/** @type {string} */ (lineTimeAddress(state)), /start=2021-01-01T00%3A00%3A00Z&end=2021-01-04T00%3A00%3A00Z&steps=240/);
  assert.equal(lineOf({ places: [], place: null }), null);
  assert.equal(obstacle({ ...state, active: "2", section: "latitude" }, "latitude", false), "picture");
  assert.equal(obstacle({ ...state, section: "latitude" }, "latitude", true), "classes");
  assert.equal(obstacle({ ...state, section: "lineTime" }, "lineTime", true), null);
});

test("A line through time has its points at the ends, too.", () => {
  const diagram = alongLine({ distance_m: [0, 50, 100], times: DAYS.slice(0, 2), units: null, values: [[1, null, 3], [4, 5, 6]] });
  assert.deepEqual([0, 1, 2].map((at) => middleOf(diagram, at)), [0, 50, 100]);
  assert.equal(diagramTable(diagram, "=sst").split("\r\n")[2], "2021-01-01T00:00:00Z,50,'=sst,,");
  const table = lineTable({ distance_m: [0, 10.5], lon: [1, 2], lat: [3, 4] }, [{ title: 'a,"b"', time: DAYS[0], units: "K", values: [7, null] }]);
  assert.deepEqual(table.split("\r\n").slice(1, 3), ['0,1,3,"a,""b""",2021-01-01T00:00:00Z,7,K', '10.5,2,4,"a,""b""",2021-01-01T00:00:00Z,,K']);
});

test("The shortest way lies on the great circle, and goes on across 180°.", () => {
  const way = greatCircle([[170, 40], [-150, 40]]);
  const [lon, lat] = way[way.length >> 1];
  assert.ok(Math.abs(lon - 190) < 1 && lat > 41.5);
  assert.ok(way.every(([x], i) => !i || Math.abs(x - way[i - 1][0]) < 2));
  assert.deepEqual(greatCircle([[0, 0], [0.5, 0]]), [[0, 0], [0.5, 0]]);
});
