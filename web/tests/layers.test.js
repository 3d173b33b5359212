import assert from "node:assert/strict";
import { test } from "node:test";
import { addLayer, moveLayer, patchLayer, removeLayer, setTime, showOnly } from "../lib/layers.js";

const EMPTY = { layers: [], active: null };
const two = addLayer(addLayer(EMPTY, { dataset: "a" }), { dataset: "b" });
const names = (/** @type {import("../lib/layers.js").Stack} */ { layers }) => layers.map(({ dataset }) => dataset).join("");

test("A layer is added on top, and is active.", () => {
  assert.equal(names(two), "ab");
  assert.equal(two.active, two.layers[1].id);
});

test("Ids stay unlike after one is removed.", () => {
  const again = addLayer(removeLayer(two, two.layers[0].id), { dataset: "c" });
  assert.equal(new Set(again.layers.map(({ id }) => id)).size, 2);
});

test("Removing the active layer makes the next one active.", () => {
  const one = removeLayer(two, two.layers[1].id);
  assert.deepEqual([names(one), one.active], ["a", two.layers[0].id]);
  assert.deepEqual(removeLayer(one, two.layers[0].id), EMPTY);
});

test("Layers move up and down, not beyond the ends.", () => {
  const [low, high] = two.layers;
  assert.equal(names(moveLayer(two, low.id, 1)), "ba");
  assert.equal(names(moveLayer(two, high.id, 5)), "ab");
  assert.equal(names(moveLayer(two, high.id, -5)), "ba");
});

test("Another variable takes the active layer's place, and keeps its opacity alone.", () => {
  const styled = patchLayer(two, two.layers[1].id, { opacity: 0.5, colormap: "jet", dims: { level: "1" } });
  const other = showOnly(styled, "c", "t").layers[1];
  assert.deepEqual([other.dataset, other.variable, other.opacity, other.colormap, other.dims], ["c", "t", 0.5, null, {}]);
  assert.equal(names(showOnly(EMPTY, "c")), "c");
});

test("A time goes to the active layer if it has its own, else to all.", () => {
  assert.deepEqual(setTime(two, "2021"), { time: "2021" });
  const own = patchLayer(two, two.layers[1].id, { time: "2020" });
  assert.equal(setTime(own, "2021").layers?.[1].time, "2021");
});
