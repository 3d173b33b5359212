import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore, INITIAL } from "../store.js";

test("A view hears of its keys only, and at once.", () => {
  const store = createStore({ ...INITIAL });
  /** @type {(string | null)[]} */
  const heard = [];
  const stop = store.subscribe(["time"], ({ time }) => heard.push(time));
  store.set({ time: "2021" });
  store.set({ tab: "series" });
  stop();
  store.set({ time: "2022" });
  assert.deepEqual(heard, [null, "2021"]);
});

test("An equal value is no change.", () => {
  const store = createStore({ ...INITIAL, view: { lon: 1, lat: 2, zoom: 3 } });
  let count = 0;
  store.subscribe(["view"], () => count++);
  store.set({ view: { lon: 1, lat: 2, zoom: 3 } });
  assert.equal(count, 1);
});

test("A view that sets state is not told of the old.", () => {
  const store = createStore({ ...INITIAL });
  store.subscribe(["tab"], ({ tab }) => tab && store.set({ time: "first" }));
  store.set({ tab: "series" });
  assert.equal(store.get().time, "first");
});
