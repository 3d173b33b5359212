/** What each of two sides shows, as states of their own. Pure. */
import { activeOf, axisOf, detailOf, layerOf, timeOf, variableOf } from "../lib/select.js";
import { nearestIndex } from "../lib/time.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */

/** The layer of the second side, where layers are compared: the chosen one, else the next to the active one. @param {State} state */
export function otherOf(state) {
  const active = activeOf(state);
  const chosen = layerOf(state, state.compare?.layer ?? null);
  if (chosen && chosen.id !== active?.id) return chosen;
  const index = state.layers.findIndex(({ id }) => id === active?.id);
  return state.layers[index - 1] ?? state.layers[index + 1] ?? null;
}

/** The step of the second side, where times are compared: the chosen one, else the one before. @param {State} state */
export function otherTime(state) {
  const active = activeOf(state);
  const times = axisOf(state, active);
  if (!times.length) return null;
  const chosen = state.compare?.time;
  return times[chosen ? nearestIndex(times, chosen) : Math.max(0, nearestIndex(times, timeOf(state, active)) - 1)];
}

/** @param {Layer[]} layers @param {string | undefined} shown id @param {string | undefined} hidden id */
function without(layers, shown, hidden) {
  return layers.map((layer) => {
    if (layer.id === hidden) return { ...layer, visible: false };
    return layer.id === shown ? { ...layer, visible: true } : layer;
  });
}

/** The layers of the first side. @param {State} state @returns {Layer[]} */
export function firstLayers(state) {
  if (state.compare?.by !== "layer") return state.layers;
  return without(state.layers, activeOf(state)?.id, otherOf(state)?.id);
}

/** The layers of the second side. @param {State} state @returns {Layer[]} */
export function secondLayers(state) {
  const active = activeOf(state);
  if (state.compare?.by === "layer") return without(state.layers, otherOf(state)?.id, active?.id);
  const time = otherTime(state);
  return state.layers.map((layer) => (layer.id === active?.id ? { ...layer, time: time ?? layer.time } : layer));
}

/**
 * A step of the first side as one of the second: as far from it as the times that are compared.
 * @param {State} state @param {string} time
 */
export function stepBeside(state, time) {
  const active = activeOf(state);
  const [times, now, other] = [axisOf(state, active), timeOf(state, active), otherTime(state)];
  if (state.compare?.by !== "time" || !times.length || now === null || other === null) return time;
  const apart = nearestIndex(times, other) - nearestIndex(times, now);
  return times[(nearestIndex(times, time) + apart + times.length) % times.length];
}

/**
 * What a side's label says.
 * @param {State} state @param {Layer | null} layer
 * @returns {{title: string, dataset: string, time: string | null, times: string[]}}
 */
export function factsOf(state, layer) {
  const variable = variableOf(state, layer);
  const detail = detailOf(state, layer);
  return {
    title: variable?.title || variable?.id || "",
    dataset: detail?.title ?? "",
    time: timeOf(state, layer),
    times: axisOf(state, layer),
  };
}

/** The layer that each side's label is about. @param {State} state @returns {[Layer | null, Layer | null]} */
export function labelled(state) {
  const active = activeOf(state);
  if (state.compare?.by === "layer") return [active, otherOf(state)];
  return [active, secondLayers(state).find(({ id }) => id === active?.id) ?? null];
}
