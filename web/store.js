/** All state as one object: controls set patches, views subscribe to the keys that they show. */

import { DEFAULTS } from "./lib/hash.js";

/** @typedef {import("./types.js").State} State */

/**
 * @typedef {object} Store
 * @property {() => Readonly<State>} get
 * @property {(patch: Partial<State>) => void} set
 * @property {(keys: (keyof State)[], listener: (state: Readonly<State>) => void) => () => void} subscribe
 *   Calls the listener now and after every change of one of the keys; returns how to stop.
 */

/** @type {State} */
export const INITIAL = {
  ...DEFAULTS,
  datasets: null,
  details: {},
  axes: {},
  colormaps: [],
  box: null,
  playing: false,
  preload: [],
  ready: [],
  loading: false,
  busy: 0,
  problem: null,
  hover: null,
  ranges: {},
  config: null,
  signed: {},
};

/**
 * @param {State} state
 * @returns {Store}
 */
export function createStore(state) {
  /** @type {Set<{keys: (keyof State)[], listener: (state: Readonly<State>) => void}>} */
  const listeners = new Set();
  return {
    get: () => state,
    set(patch) {
      const before = state;
      state = { ...state, ...patch };
      const changed = /** @type {(keyof State)[]} */ (Object.keys(patch)).filter(
        (key) => !isSame(before[key], state[key]),
      );
      if (!changed.length) return;
      for (const entry of [...listeners]) {
        if (entry.keys.some((key) => changed.includes(key))) entry.listener(state);
      }
    },
    subscribe(keys, listener) {
      const entry = { keys, listener };
      listeners.add(entry);
      listener(state);
      return () => listeners.delete(entry);
    },
  };
}

/** Small values by content, so that an equal pair or place is no change. @param {unknown} a @param {unknown} b */
function isSame(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  const [x, y] = /** @type {Record<string, unknown>[]} */ ([a, b]);
  return keys.length === others.length && keys.length < 10 && keys.every((key) => x[key] === y[key]);
}
