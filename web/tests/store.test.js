import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore, INITIAL } from "../store.js";

test("A view hears of its keys only, and at once.", () => {
  const store = createStore({ ...INITIAL });
  /** @type {(string | null)[]} */
  const heard = [];
  const stop = store.subscribe(["variable"], ({ variable }) => heard.push(variable));
  store.set({ variable: "sst" });
  store.set({ dataset: "ocean" });
  stop();
  store.set({ variable: "chl" });
  assert.deepEqual(heard, [null, "sst"]);
});

test("An equal value is no change.", () => {
  const store = createStore({ ...INITIAL, point: { lon: 1, lat: 2 } });
  let count = 0;
  store.subscribe(["point"], () => count++);
  store.set({ point: { lon: 1, lat: 2 } });
  assert.equal(count, 1);
});

test("A view that sets state is not told of the old.", () => {
  const store = createStore({ ...INITIAL });
  store.subscribe(["dataset"], ({ dataset }) => dataset && store.set({ variable: "first" }));
  store.set({ dataset: "ocean" });
  assert.equal(store.get().variable, "first");
});
