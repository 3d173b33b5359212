/**
 * Plays time: has the map load the frames that come next, and shows one after another, by a clock and
 * only whole ones. The counts of `frames` shown and `dropped` moments are on the element for those who measure.
 */
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, timeOf, timesInRange } from "../lib/select.js";
import { nearestIndex } from "../lib/time.js";

/** @typedef {import("../types.js").State} State */

const AHEAD = 120; // frames that are asked for at the most; the map loads as many as it can hold
const MOST_WAITED = 10; // frames that have to be ready before it goes on

/**
 * The steps that follow the one shown, in the order in which they are to be shown.
 * @param {State} state @param {1 | -1} direction @param {number} most
 * @returns {{time: string, direction: 1 | -1}[]}
 */
export function upcoming(state, direction, most) {
  const layer = activeOf(state);
  const times = timesInRange(axisOf(state, layer), state.range);
  const now = timeOf(state, layer);
  if (now === null || times.length < 2) return [];
  /** @type {{time: string, direction: 1 | -1}[]} */
  const found = [];
  let index = nearestIndex(times, now);
  // More than once round, or there and back, holds no other frame.
  while (found.length < Math.min(most, 2 * times.length)) {
    const isEnd = index + direction < 0 || index + direction >= times.length;
    if (isEnd && state.repeat === "once") break;
    if (isEnd && state.repeat === "bounce") direction = /** @type {1 | -1} */ (-direction);
    index = (index + direction + times.length) % times.length;
    found.push({ time: times[index], direction });
  }
  return found;
}

/**
 * @param {import("../types.js").Store} store @param {HTMLElement} element
 * @returns {() => void} stop
 */
export function startPlayer(store, element) {
  /** @type {{direction: 1 | -1, isRunning: boolean, due: number, frame: number}} */
  const run = { direction: 1, isRunning: false, due: 0, frame: 0 };

  const ask = () => {
    const times = upcoming(store.get(), run.direction, AHEAD).map(({ time }) => time);
    store.set({ preload: [...new Set(times)] });
  };
  const start = () => {
    Object.assign(run, { isRunning: false, direction: 1 });
    Object.assign(element.dataset, { frames: "0", dropped: "0" });
    if (isAtEnd(store.get())) store.set(setTime(store.get(), firstOf(store.get())));
    ask();
    run.frame = requestAnimationFrame(tick);
  };
  /** @param {number} now */
  const tick = (now) => {
    if (!store.get().playing) return;
    run.frame = requestAnimationFrame(tick);
    if (!run.isRunning && isEnough(store.get(), run.direction)) Object.assign(run, { isRunning: true, due: now });
    if (run.isRunning && now >= run.due) show(now);
  };
  /** @param {number} now */
  const show = (now) => {
    const state = store.get();
    const [next] = upcoming(state, run.direction, 1);
    if (!next) return store.set({ playing: false });
    const length = 1000 / state.speed;
    if (!state.ready.includes(next.time)) {
      count(element, "dropped");
      Object.assign(run, { isRunning: false });
      return;
    }
    // A moment that has passed is passed: the next is counted from the clock, not from this delay.
    const missed = Math.floor((now - run.due) / length);
    if (missed > 0) count(element, "dropped", missed);
    run.due += length * (missed + 1);
    run.direction = next.direction;
    count(element, "frames");
    store.set(setTime(state, next.time));
    ask();
  };
  const stops = [
    store.subscribe(["playing"], ({ playing }) => {
      cancelAnimationFrame(run.frame);
      if (playing) start();
      else store.set({ preload: [] });
    }),
    store.subscribe(["layers", "active", "range", "repeat"], ({ playing }) => playing && ask()),
  ];
  return () => {
    cancelAnimationFrame(run.frame);
    stops.forEach((stop) => stop());
  };
}

/** Whether enough of what comes next is there to go on for a while. @param {State} state @param {1 | -1} direction */
function isEnough(state, direction) {
  const next = upcoming(state, direction, Math.min(MOST_WAITED, Math.ceil(state.speed)));
  return next.length > 0 && next.every(({ time }) => state.ready.includes(time));
}

/** @param {State} state */
function isAtEnd(state) {
  return state.repeat === "once" && !upcoming(state, 1, 1).length;
}

/** @param {State} state */
function firstOf(state) {
  return timesInRange(axisOf(state, activeOf(state)), state.range)[0] ?? null;
}

/** @param {HTMLElement} element @param {"frames" | "dropped"} name @param {number} [by] */
function count({ dataset }, name, by = 1) {
  dataset[name] = String(Number(dataset[name]) + by);
}
