/** An animation: each step of time is drawn and encoded before the next, so that none has to be kept. */
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, timesInRange } from "../lib/select.js";
import { loadAhead, worldOf } from "./atlas.js";
import { startEncoder } from "./encoder.js";
import { drawPicture } from "./picture.js";
import { evened, thinned } from "./size.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("./picture.js").Wish} Wish
 * @typedef {{format: import("./encoder.js").Format, fps: number, stride: number}} Film
 */

/** So many frames later are loaded while one is encoded. */
const AHEAD = 3;

/** The steps that can be filmed: those within the chosen range. @param {State} state */
export function stepsOf(state) {
  return timesInRange(axisOf(state, activeOf(state)), state.range);
}

/**
 * @param {State} state @param {Wish} wish @param {Film} film
 * @param {AbortSignal} signal @param {(done: number, count: number) => void} progress
 * @returns {Promise<Blob>}
 */
export async function record(state, wish, { format, fps, stride }, signal, progress) {
  const times = thinned(stepsOf(state), stride);
  const size = format === "gif" ? wish.size : evened(wish.size);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, size);
  canvas.getContext("2d", { willReadFrequently: true });
  const paper = { canvas, isOpaque: true, ground: {} };
  const world = worldOf(state, size, /** @type {HTMLElement} */ (document.getElementById("map")));
  const stateAt = (/** @type {string} */ time) => ({ ...state, ...setTime(state, time) });
  const encoder = await startEncoder(format, canvas, fps);
  try {
    for (const [i, time] of times.entries()) {
      progress(i, times.length);
      if (times[i + AHEAD]) loadAhead(stateAt(times[i + AHEAD]), size, world, signal);
      await drawPicture(stateAt(time), { ...wish, size }, signal, paper);
      await encoder.add();
      signal.throwIfAborted();
    }
    progress(times.length, times.length);
    return await encoder.finish();
  } catch (error) {
    await encoder.cancel();
    throw error;
  }
}
