/** Who looks at the last step of a dataset that grows stays at the last. Pure. */
import { axisKey, axisOf, detailOf, timeDimension, timeOf, variableOf } from "./select.js";

/** @typedef {import("../types.js").State} State */

/**
 * The times to set with the new steps of a dataset.
 * @param {Pick<State, "layers" | "active" | "details" | "axes" | "time" | "playing">} state with the old ones
 * @param {string} dataset
 * @param {Record<string, string[]>} axes the new ones, by key
 * @param {boolean} [isAsked] whether the last step is wanted in any case
 * @returns {Partial<State>}
 */
export function latestTimes(state, dataset, axes, isAsked = false) {
  /** @type {Partial<State>} */
  const patch = {};
  const layers = state.layers.map((layer) => {
    const last = layer.dataset === dataset ? lastOf(state, layer, axes) : null;
    if (!last || (!isAsked && (state.playing || !isAtEnd(state, layer)))) return layer;
    if (layer.time) return { ...layer, time: last };
    if (state.time !== null && isLeading(state, layer)) patch.time = last;
    return layer;
  });
  if (layers.some((layer, i) => layer !== state.layers[i])) patch.layers = layers;
  return patch;
}

/** @param {Pick<State, "details">} state @param {import("../types.js").Layer} layer @param {Record<string, string[]>} axes */
function lastOf(state, layer, axes) {
  const name = timeDimension(detailOf(state, layer), variableOf(state, layer));
  return name ? axes[axisKey(layer.dataset, name)]?.at(-1) ?? null : null;
}

/** @param {Pick<State, "details" | "axes" | "time">} state @param {import("../types.js").Layer} layer */
function isAtEnd(state, layer) {
  const times = axisOf(state, layer);
  return times.length > 0 && timeOf(state, layer) === times[times.length - 1];
}

/** The one time of all follows the active layer, not others whose steps end sooner. @param {Pick<State, "layers" | "active">} state @param {import("../types.js").Layer} layer */
function isLeading({ layers, active }, layer) {
  const leading = layers.find(({ id }) => id === active) ?? layers.at(-1);
  return leading?.dataset === layer.dataset;
}
