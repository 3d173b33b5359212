import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULTS, decodeHash, encodeHash } from "../lib/hash.js";
import { PLAIN } from "../lib/layers.js";

/** @type {import("../types.js").Link} */
const LINK = {
  layers: [
    { ...PLAIN, id: "1", dataset: "ocean", variable: "sst & more", dims: { level: "850", "odd name": "a=b&c" }, colormap: "viridis_r", rescale: [-2, 30.5], scale: "symlog", opacity: 0.7 },
    { ...PLAIN, id: "2", dataset: "s2", variable: "_", expression: "(b08-b04)/(b08+b04)", time: "2021-03-02T00:00:00Z", colormap: '["#000","#fff"]', visible: false },
    { ...PLAIN, id: "3", dataset: "ocean", variable: "chl" },
  ],
  active: "1",
  time: "2021-03-02T00:00:00Z",
  range: ["2021-01-01T00:00:00Z", "2021-12-31T00:00:00Z"],
  speed: 8,
  repeat: "bounce",
  view: { zoom: 3, lat: 47.25, lon: -11.5 },
  mode: "globe",
  camera: [11.5, 47.25, 2e6, 0, -90],
  terrain: { dataset: "valley", variable: "dem", factor: 2.5 },
  block: { box: [170, -10, -170, 10], at: [0.5, 0, 1] },
  compare: { kind: "swipe", by: "layer", layer: "2", time: null, at: 0.4 },
  basemap: "none",
  places: [
    { id: "1", name: "Off; the coast", color: "#e69f00", geometry: { type: "Point", coordinates: [-122.5, 10.25] } },
    { id: "2", name: "", color: "#56b4e9", geometry: { type: "Point", coordinates: [0, 0] }, radius_m: 5000 },
    { id: "3", name: "Box", color: "#009e73", geometry: { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] } },
  ],
  place: "2",
  tab: "statistics",
  charts: { variables: ["ocean/sst", "ocean/chl"], show: "minmax" },
  section: "latitude",
  theme: "dark",
  language: "de",
};

test("A link restores everything.", () => {
  assert.deepEqual(decodeHash(`#${encodeHash(LINK)}`), LINK);
});

test("A second time to compare with is restored.", () => {
  const compare = /** @type {const} */ ({ kind: "side", by: "time", layer: null, time: "2021-03-02T00:00:00Z", at: 0.5 });
  assert.deepEqual(decodeHash(encodeHash({ ...LINK, compare })).compare, compare);
});

test("What is at its default is not in the link.", () => {
  const layers = [{ ...PLAIN, id: "7", dataset: "s2" }];
  assert.equal(encodeHash({ ...DEFAULTS, layers, active: "7" }), "dataset=s2");
});

test("What follows a dataset belongs to its layer.", () => {
  const { layers, time } = decodeHash("dataset=a&opacity=0.5&dataset=b&time=2021-01-01&colormap=jet");
  assert.deepEqual(layers.map(({ dataset, opacity, colormap }) => [dataset, opacity, colormap]), [["a", 0.5, null], ["b", 1, "jet"]]);
  assert.equal(time, "2021-01-01");
});

test("Times and pairs stay readable.", () => {
  assert.match(encodeHash(LINK), /time=2021-03-02T00:00:00Z/);
  assert.match(encodeHash(LINK), /rescale=-2,30\.5/);
});

test("An empty hash is the defaults.", () => {
  assert.deepEqual(decodeHash(""), DEFAULTS);
});

for (const bad of ["rescale=5,5", "dataset=", "variable=sst", "speed=-3", "speed=1e9", "repeat=never", "view=3/99/0", "view=a/b/c", "view=1/2",
  "place=Point;[1,91];000000;a", "place=Point;[[1,1]];000000;a", "place=Polygon;[1,1];000000;a", "place=x", "place=Point;{};000000;a",
  "chosen=4", "active=2", "range=2021", "mode=flat", "camera=1,2", "terrain=a;b", "terrain=a;b;-1", "block=1,2,3", "block=0,5,1,5,0,0,0", "block=0,0,1,1,0,0,2",
  "compare=swipe", "show=all", "theme=pink", "language=fr", "dim.=1", "&&=", "%E0%A4%A"]) {
  test(`Nonsense is at its default: ${bad}.`, () => {
    assert.deepEqual(decodeHash(`#${bad}`), DEFAULTS);
  });
}

for (const bad of ["rescale=5,5", "rescale=9,1", "rescale=1", "rescale=a,b", "scale=cubic", "opacity=2", "opacity=", "dim.=1", "hidden=no"]) {
  test(`Nonsense of a layer is at its default: ${bad}.`, () => {
    assert.deepEqual(decodeHash(`#dataset=a&${bad}`).layers, [{ ...PLAIN, id: "1", dataset: "a" }]);
  });
}

test("A plus is a plus, not a space.", () => {
  assert.equal(decodeHash("#time=2021-01-01T00:00:00+00:00").time, "2021-01-01T00:00:00+00:00");
});

test("Times that are none, and tabs that there are not, are passed over.", () => {
  const { time, range, compare, tab } = decodeHash("dataset=a&time=garbage&range=b/a&compare=swipe;time;now;0.5&tab=__proto__");
  assert.deepEqual([time, range, compare?.time, tab], [null, null, null, null]);
});
