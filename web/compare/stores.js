/** The state as each of two maps has it: both show one view, of other layers or at another time. */
import { createStore, INITIAL } from "../store.js";
import { firstLayers, secondLayers, stepBeside } from "./sides.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {keyof State} Key */

const ALL = /** @type {Key[]} */ (Object.keys(INITIAL));
/** What a map says of itself: it reaches the other one in no way, and the page only put together. */
const OWN = /** @type {const} */ (["ready", "loading", "hover"]);
const NOTHING = { ready: [], loading: false, hover: null };
/** What only the first map says, for both. */
const FIRST = /** @type {Key[]} */ (["view", "box"]);

/**
 * @typedef {object} Pair
 * @property {Store} first
 * @property {Store} second
 * @property {(isOpen: boolean) => void} open whether there is a second map
 */

/** @type {WeakMap<Store, Pair>} */
const pairs = new WeakMap();

/** One pair for each store, for whoever asks first. @param {Store} store @returns {Pair} */
export function pairOf(store) {
  const known = pairs.get(store);
  if (known) return known;
  const pair = createPair(store);
  pairs.set(store, pair);
  return pair;
}

/** The state of the map that is always there. @param {Store} store */
export const firstSide = (store) => pairOf(store).first;

/** @param {Store} store @returns {Pair} */
function createPair(store) {
  let isOpen = false;
  const first = createStore({ ...firstState(store.get()), ...NOTHING });
  const second = createStore({ ...secondState(store.get()), ...NOTHING, view: store.get().view, box: null });
  const tell = () => store.set(together(store.get(), first.get(), isOpen ? second.get() : null));
  store.subscribe(ALL, (state) => {
    first.set(steady(firstState(state), first.get()));
    if (isOpen) second.set(steady(secondState(state), second.get()));
  });
  return {
    first: facade(first, (patch) => store.set(patch), tell, []),
    second: facade(second, (patch) => store.set(patch), tell, FIRST),
    open(now) {
      isOpen = now;
      if (now) second.set({ ...secondState(store.get()), ...NOTHING, view: store.get().view });
      tell();
    },
  };
}

/** @param {State} state @param {Key[]} keys */
function drop(state, keys) {
  return /** @type {State} */ (Object.fromEntries(Object.entries(state).filter(([key]) => !keys.includes(/** @type {Key} */ (key)))));
}

/** With the layers of before where they are as before: made anew they would seem changed. @param {State} state @param {State} before */
function steady(state, before) {
  const layers = state.layers.map((layer) => before.layers.find((one) => JSON.stringify(one) === JSON.stringify(layer)) ?? layer);
  const preload = state.preload.join() === before.preload.join() ? before.preload : state.preload;
  return { ...state, layers, preload };
}

/** @param {State} state */
function firstState(state) {
  return { ...drop(state, [...OWN]), layers: firstLayers(state) };
}

/** @param {State} state */
function secondState(state) {
  return { ...drop(state, [...OWN, ...FIRST]), layers: secondLayers(state), preload: state.preload.map((time) => stepBeside(state, time)) };
}

/** What the page knows of both maps. @param {State} state @param {State} first @param {State | null} second @returns {Partial<State>} */
function together(state, first, second) {
  const { ready = [], loading = false, hover = null } = first;
  if (!second) return { ready, loading, hover };
  return {
    ready: ready.filter((time) => second.ready.includes(stepBeside(state, time))),
    loading: loading || second.loading,
    hover: hover ?? second.hover,
  };
}

/**
 * A store whose changes go to the page, but for what a map says of itself.
 * @param {Store} own @param {(patch: Partial<State>) => void} pass @param {() => void} tell @param {Key[]} dropped
 * @returns {Store}
 */
function facade(own, pass, tell, dropped) {
  const kept = /** @type {readonly string[]} */ (OWN);
  return {
    get: own.get,
    subscribe: own.subscribe,
    set(patch) {
      const entries = Object.entries(patch);
      const mine = entries.filter(([key]) => kept.includes(key));
      const others = entries.filter(([key]) => !kept.includes(key) && !dropped.includes(/** @type {Key} */ (key)));
      if (mine.length) {
        own.set(Object.fromEntries(mine));
        tell();
      }
      if (others.length) pass(Object.fromEntries(others));
    },
  };
}
