import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf } from "../analysis/columns.js";
import { FormatError, parsePlaces } from "../analysis/format.js";
import { chartable, chartedOf, questionsOf } from "../analysis/question.js";
import { areaOf, circle, distance, extentOf, isPoint, lengthOf, middleOf, sizeOf } from "../analysis/shape.js";
import { toCsv, toGeoJson } from "../analysis/table.js";
import { PLAIN } from "../lib/layers.js";
import { INITIAL } from "../store.js";
import { detail } from "./example.js";

const point = { id: "1", name: "A", color: "#111111", geometry: /** @type {any} */ ({ type: "Point", coordinates: [10, 50] }) };
const ring = { ...point, id: "2", name: "B", radius_m: 100_000 };
const line = { ...point, id: "3", name: "C", geometry: /** @type {any} */ ({ type: "LineString", coordinates: [[0, 0], [1, 1]] }) };
const state = {
  ...INITIAL,
  details: { [detail.id]: detail },
  layers: [{ ...PLAIN, id: "1", dataset: detail.id, variable: "air", dims: { level: "850" } }],
  active: "1",
  places: [point, ring, line],
};

test("a circle is as far from its centre everywhere, and as large as a circle", () => {
  const [corners] = circle([10, 50], 100_000).coordinates;
  for (const [lon, lat] of corners) assert.ok(Math.abs(distance([10, 50], [lon, lat]) - 100_000) < 5);
  assert.ok(Math.abs(sizeOf(ring) / (Math.PI * 1e10) - 1) < 0.01);
  assert.deepEqual(corners[0], corners.at(-1));
});

test("the world's octant is an eighth of the globe", () => {
  const octant = { ...point, geometry: /** @type {any} */ ({ type: "Polygon", coordinates: [[[0, 0], [90, 0], [90, 90], [0, 90], [0, 0]]] }) };
  assert.ok(Math.abs(sizeOf(octant) / ((4 * Math.PI * 6_371_008.8 ** 2) / 8) - 1) < 0.001);
});

test("points have one value, circles are areas, lines have none", () => {
  assert.deepEqual([isPoint(point), isPoint(ring)], [true, false]);
  assert.deepEqual([areaOf(point)?.type, areaOf(ring)?.type, areaOf(line)], ["Point", "Polygon", null]);
  assert.deepEqual(middleOf(line), [0.5, 0.5]);
  assert.ok(Math.abs(lengthOf(line) - 157_249) < 50);
  assert.equal(lengthOf(point), 0);
  assert.deepEqual(extentOf({ type: "Polygon", coordinates: [[[1, 2, 7], [3, 4, 7], [1, 4, 7]]] }), [1, 2, 3, 4]);
});

test("GeoJSON of every nesting is read, with names", () => {
  const feature = { type: "Feature", properties: { name: "Bay" }, geometry: { type: "MultiPoint", coordinates: [[1, 2], [3, 4]] } };
  const found = parsePlaces(JSON.stringify({ type: "FeatureCollection", features: [feature, { type: "Feature", id: 7, properties: null, geometry: { type: "Point", coordinates: [5, 6] } }] }));
  assert.deepEqual(found.map(({ name }) => name), ["Bay 1", "Bay 2", "7"]);
  assert.deepEqual(found[2].geometry, { type: "Point", coordinates: [5, 6] });
});

test("tables are read by their head, in any order, with semicolons and decimal commas", () => {
  assert.deepEqual(parsePlaces("name,lat,lon\nHelgoland,54.18,7.89")[0], { name: "Helgoland", geometry: { type: "Point", coordinates: [7.89, 54.18] } });
  assert.deepEqual(parsePlaces("Breite;Länge;Ort\r\n54,18;7,89;Insel")[0], { name: "Insel", geometry: { type: "Point", coordinates: [7.89, 54.18] } });
  assert.deepEqual(parsePlaces("7.89 54.18")[0].geometry, { type: "Point", coordinates: [7.89, 54.18] });
});

test("WKT is read, holes, heights and several lines too", () => {
  const found = parsePlaces("POINT Z (1 2 3)\nSRID=4326;POLYGON ((0 0, 4 0, 4 4, 0 0),(1 1, 2 1, 2 2, 1 1))\nMULTIPOLYGON(((0 0,1 0,1 1,0 0)))\nLINESTRING (0 0, -1.5 2e0)");
  assert.deepEqual(found.map(({ geometry }) => geometry.coordinates), [
    [1, 2],
    [[[0, 0], [4, 0], [4, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]],
    [[[[0, 0], [1, 0], [1, 1], [0, 0]]]],
    [[0, 0], [-1.5, 2]],
  ]);
});

test("what is no place is refused, and says why", () => {
  const key = (/** @type {string} */ text) => {
    try {
      parsePlaces(text);
    } catch (error) {
      return error instanceof FormatError ? error.key : error;
    }
  };
  assert.equal(key("hello"), "analysis.badText");
  assert.equal(key("{oops"), "analysis.badJson");
  assert.equal(key("name,depth\na,3"), "analysis.badTable");
  assert.equal(key("lon,lat\n500000,5500000"), "analysis.badPlace");
  assert.equal(key('{"type":"FeatureCollection","features":[]}'), "analysis.noPlaces");
  assert.equal(key(`lon,lat\n${"1,2\n".repeat(300)}`), "analysis.manyPlaces");
  assert.equal(key("POLYGON ((0 0, 1"), "analysis.badPlace");
});

test("each place with values is asked for once for each variable, at the layer's step", () => {
  const questions = questionsOf(state);
  assert.deepEqual(questions.map(({ place }) => place.id), ["1", "2"]);
  assert.match(questions[0].address, /^timeseries\/m%C3%B6del\/air\?lon=10&lat=50&f=ndjson&level=850$/);
  assert.match(questions[1].address, /aggregate=mean%2Cstd/);
  assert.equal(JSON.parse(questions[1].body ?? "").type, "Polygon");
  const both = { ...state, charts: { variables: ["mödel/air", "mödel/mask", "mödel/gone", "other/x"], show: /** @type {const} */ ("minmax") } };
  assert.deepEqual(chartedOf(both).map(({ key, hasTime }) => [key, hasTime]), [["mödel/air", true], ["mödel/mask", false]]);
  assert.match(questionsOf(both)[1].address, /mean%2Cmin%2Cmax/);
  const range = /** @type {[string, string]} */ (["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]);
  const axes = { "mödel/time": ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"] };
  assert.match(questionsOf({ ...state, axes, range })[0].address, /start=2024-01-01T00%3A00%3A00Z&end=2024-01-02T00%3A00%3A00Z/);
  assert.doesNotMatch(questionsOf({ ...state, axes, range: ["1990-01-01", "1990-02-01"] })[0].address, /start/);
});

test("of a picture a variable is charted; pictures cannot be chosen", () => {
  const picture = { ...state, layers: [{ ...state.layers[0], variable: "true_color" }] };
  assert.equal(chartedOf(picture)[0].key, "mödel/air");
  assert.deepEqual(chartable(picture).map(({ key }) => key), ["mödel/air", "mödel/mask"]);
});

/** @param {any} place @param {string[]} times @param {any} values */
function rowOf(place, times, values) {
  const question = { ...questionsOf(state)[0], place };
  return { question, answer: { times, values, status: /** @type {const} */ ("whole"), error: "" }, name: place.name };
}

test("series of different steps share an axis: a step that is not theirs is no gap", () => {
  const rows = [
    rowOf(point, ["2024-01-01T00:00:00Z", "2024-01-03T00:00:00Z"], { value: [1, null] }),
    rowOf(ring, ["2024-01-02T00:00:00Z"], { mean: [5], std: [2] }),
  ];
  const { times, data, curves } = columnsOf(rows, "mean");
  assert.equal(times.length, 3);
  assert.deepEqual(data.slice(1), [[1, undefined, null], [undefined, 5, undefined], [undefined, 3, undefined], [undefined, 7, undefined]]);
  assert.deepEqual(curves.map(({ part }) => part), ["line", "line", "low", "high"]);
});

test("tables have one number a line, and nothing that a spreadsheet would run", () => {
  const rows = [rowOf({ ...point, name: '=HYPERLINK("x")' }, ["2024-01-01T00:00:00Z"], { value: [1.5] }), rowOf(ring, ["2024-01-01T00:00:00Z"], { mean: [null], std: [2] })];
  assert.deepEqual(toCsv(rows).trim().split("\r\n"), [
    "place,lon,lat,variable,time,statistic,value,unit",
    `"'=HYPERLINK(""x"")",10,50,Air temperature,2024-01-01T00:00:00Z,value,1.5,K`,
    "B,10,50,Air temperature,2024-01-01T00:00:00Z,mean,,K",
    "B,10,50,Air temperature,2024-01-01T00:00:00Z,std,2,K",
  ]);
});

test("GeoJSON has the places with their series", () => {
  const document = JSON.parse(toGeoJson([point, ring], ({ name }) => name, [rowOf(point, ["2024-01-01T00:00:00Z"], { value: [1.5] })]));
  assert.deepEqual(document.features[0].properties.series[0], { variable: "mödel/air", units: "K", times: ["2024-01-01T00:00:00Z"], value: [1.5] });
  assert.equal(document.features[1].properties.radius_m, 100_000);
  assert.deepEqual(parsePlaces(JSON.stringify(document)).map(({ name }) => name), ["A", "B"]);
});
