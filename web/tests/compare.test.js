import assert from "node:assert/strict";
import { test } from "node:test";
import { firstLayers, otherOf, otherTime, secondLayers, stepBeside } from "../compare/sides.js";
import { splitOf } from "../compare/split.js";
import { pairOf } from "../compare/stores.js";
import { PLAIN } from "../lib/layers.js";
import { createStore, INITIAL } from "../store.js";
import { detail } from "./example.js";

const TIMES = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"];
const air = { ...PLAIN, id: "1", dataset: detail.id, variable: "air" };
const mask = { ...PLAIN, id: "2", dataset: detail.id, variable: "mask" };
const BY_LAYER = /** @type {const} */ ({ kind: "swipe", by: "layer", layer: null, time: null, at: 0.5 });
const BY_TIME = /** @type {const} */ ({ ...BY_LAYER, by: "time", time: TIMES[0] });
/** @type {import("../types.js").State} */
const STATE = {
  ...INITIAL, layers: [air, mask], active: "1", details: { [detail.id]: detail }, axes: { [`${detail.id}/time`]: TIMES },
  time: TIMES[2], compare: BY_LAYER,
};
/** @param {import("../types.js").Layer[]} layers */
const visible = (layers) => layers.filter((layer) => layer.visible).map(({ id }) => id);

test("Of two layers each side shows its own.", () => {
  assert.equal(otherOf(STATE)?.id, "2");
  assert.deepEqual([firstLayers(STATE), secondLayers(STATE)].map(visible), [["1"], ["2"]]);
});

test("A layer that is alone is compared with nothing.", () => {
  const alone = { ...STATE, layers: [air] };
  assert.deepEqual([firstLayers(alone), secondLayers(alone)].map(visible), [["1"], []]);
});

test("Of two times the second side has the active layer at the other.", () => {
  const state = { ...STATE, compare: BY_TIME };
  assert.equal(otherTime(state), TIMES[0]);
  assert.deepEqual(secondLayers(state).map(({ time }) => time), [TIMES[0], null]);
  assert.deepEqual(firstLayers(state), STATE.layers);
});

test("While time plays both sides stay as far apart as they were.", () => {
  const state = { ...STATE, compare: BY_TIME };
  assert.equal(stepBeside(state, TIMES[3]), TIMES[1]);
  assert.equal(stepBeside(state, TIMES[0]), TIMES[2]);
});

test("A frame is ready when both maps have it.", () => {
  const store = createStore({ ...STATE, compare: BY_TIME, preload: [TIMES[3]] });
  const { first, second, open } = pairOf(store);
  open(true);
  assert.deepEqual(second.get().preload, [TIMES[1]]);
  first.set({ ready: [TIMES[3]], loading: false });
  assert.deepEqual(store.get().ready, []);
  second.set({ ready: [TIMES[1]], loading: true });
  assert.deepEqual([store.get().ready, store.get().loading], [[TIMES[3]], true]);
  open(false);
  assert.equal(store.get().loading, false);
});

test("The second map follows no view but the maps' own, and tells none.", () => {
  const store = createStore({ ...STATE, view: { lat: 1, lon: 2, zoom: 3 } });
  const { first, second, open } = pairOf(store);
  open(true);
  second.set({ view: { lat: 9, lon: 9, zoom: 9 }, place: "7" });
  assert.deepEqual([store.get().view, store.get().place], [{ lat: 1, lon: 2, zoom: 3 }, "7"]);
  first.set({ view: { lat: 5, lon: 5, zoom: 5 } });
  assert.deepEqual([store.get().view?.lat, second.get().view?.lat], [5, 1]);
});

test("What has not changed is not told to either map.", () => {
  const store = createStore(STATE);
  let told = 0;
  pairOf(store).first.subscribe(["layers"], () => told++);
  store.set({ hover: { lon: 1, lat: 1, readings: [] } });
  assert.equal(told, 1);
});

test("Two maps get the same room beside the panel, and one below the other on a phone.", () => {
  const wide = splitOf(1280, 800, { left: 340, top: 60, right: 0, bottom: 100 });
  assert.deepEqual([wide.isStacked, wide.at, wide.at - 340], [false, 810, 1280 - wide.at]);
  const phone = splitOf(390, 844, { left: 0, top: 16, right: 0, bottom: 244 });
  assert.deepEqual([phone.isStacked, phone.at], [true, 300]);
});
