/** What the state means: the active layer, its variable, its step of time, its style. Pure. */
import { wrapLongitude } from "./number.js";
import { nearestIndex, parseTime } from "./time.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").Variable} Variable */
/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {Pick<State, "layers" | "active">} Stack */
/** @typedef {Pick<State, "details">} Known */

/** @param {Stack} state @returns {Layer | null} */
export function activeOf({ layers, active }) {
  return layers.find(({ id }) => id === active) ?? layers.at(-1) ?? null;
}

/** @param {Stack} state @param {string | null} id @returns {Layer | null} */
export function layerOf({ layers }, id) {
  return layers.find((layer) => layer.id === id) ?? null;
}

/** @param {Known} state @param {Layer | null} layer @returns {Detail | null} null while loading */
export function detailOf({ details }, layer) {
  // A link may name a dataset as objects name what all of them have: "constructor".
  return layer && Object.hasOwn(details, layer.dataset) ? details[layer.dataset] : null;
}

/** @param {Known} state @param {Layer | null} layer @returns {Variable | null} null while loading */
export function variableOf(state, layer) {
  const detail = detailOf(state, layer);
  if (!detail || !layer) return null;
  if (layer.expression) return expressed(detail, layer.expression);
  return detail.variables.find(({ id }) => id === layer.variable) ?? null;
}

/**
 * An expression as a variable: with the dimensions of all that it names.
 * @param {Detail} detail @param {string} expression
 * @returns {Variable}
 */
function expressed(detail, expression) {
  const words = new Set(expression.match(/[\p{L}_][\p{L}\p{N}_.]*/gu));
  const named = detail.variables.filter(({ id }) => words.has(id));
  const dims = [...new Set(named.flatMap((variable) => variable.dims))];
  const kind = expression.includes(";") ? "composite" : "variable";
  return { id: "_", title: expression, units: null, kind, dims, range: null, style: {} };
}

/**
 * What a dataset opens with: a picture, if its catalogue has composed one, else its first variable.
 * @param {Pick<Detail, "variables">} detail
 * @returns {Variable | null}
 */
export function firstVariable({ variables }) {
  return variables.find(({ kind }) => kind === "composite") ?? variables[0] ?? null;
}

/** The dimension that is a variable's time, whatever its name. @param {Detail | null} detail @param {Variable | null} variable */
export function timeDimension(detail, variable) {
  return variable?.dims.find((name) => detail?.dimensions[name]?.type === "time") ?? null;
}

/** The steps of a layer's time, ISO 8601; empty without one, and while loading. @param {Known & Pick<State, "axes">} state @param {Layer | null} layer */
export function axisOf(state, layer) {
  const name = timeDimension(detailOf(state, layer), variableOf(state, layer));
  return (layer && name && state.axes[axisKey(layer.dataset, name)]) || [];
}

/** @param {string} dataset @param {string} dimension */
export function axisKey(dataset, dimension) {
  return `${dataset}/${dimension}`;
}

/**
 * The step of a layer that is shown: one of its axis, as the server writes it; null if there is no time.
 * @param {Known & Pick<State, "axes" | "time">} state @param {Layer | null} layer
 */
export function timeOf(state, layer) {
  const detail = detailOf(state, layer);
  const name = timeDimension(detail, variableOf(state, layer));
  if (!layer || !detail || !name) return null;
  const wanted = layer.time ?? state.time ?? detail.dimensions[name].default?.toString() ?? null;
  const times = axisOf(state, layer);
  return times.length ? times[nearestIndex(times, wanted)] : within(detail.dimensions[name], wanted);
}

/** Before the steps are known: what lies beyond them all is their end. @param {import("../types.js").Dimension} dimension @param {string | null} time */
function within({ first, last }, time) {
  if (!time || !first || !last) return time;
  if (parseTime(time) > parseTime(last)) return last;
  return parseTime(time) < parseTime(first) ? first : time;
}

/**
 * The step of the active layer so many further on, within the range that is chosen; it wraps round.
 * @param {State} state @param {number} step
 */
export function timeAfter(state, step) {
  const layer = activeOf(state);
  const times = timesInRange(axisOf(state, layer), state.range);
  const now = timeOf(state, layer);
  if (now === null || times.length < 2) return null;
  return times[(nearestIndex(times, now) + step + times.length) % times.length];
}

/** @param {string[]} times @param {[string, string] | null} range */
export function timesInRange(times, range) {
  const held = rangeOn(times, range);
  return held ? times.slice(nearestIndex(times, held[0]), nearestIndex(times, held[1]) + 1) : times;
}

/** The range, if the axis has any part of it: one that was chosen for other data is none. @param {string[]} times @param {[string, string] | null} range */
export function rangeOn(times, range) {
  if (!range || !times.length) return null;
  const isBeside = parseTime(range[1]) < parseTime(times[0]) || parseTime(range[0]) > parseTime(times[times.length - 1]);
  return isBeside ? null : range;
}

/**
 * How a layer is coloured: what is chosen, else what its server says.
 * @param {Known & Pick<State, "ranges">} state @param {Layer} layer
 * @returns {{colormap: string, rescale: import("../types.js").Range | null, scale: import("../types.js").Scale, categories: import("../types.js").Category[] | null}}
 */
export function styleOf(state, layer) {
  const { style = {}, range = null } = variableOf(state, layer) ?? {};
  return {
    colormap: layer.colormap ?? style.colormap_name ?? "viridis",
    rescale: layer.rescale ?? style.rescale ?? range ?? state.ranges[rangeKey(layer)] ?? null,
    scale: layer.scale ?? style.scale ?? /** @type {const} */ ("linear"),
    categories: style.categories ?? null,
  };
}

/** @param {Layer} layer */
export function rangeKey({ dataset, variable, expression }) {
  return `${dataset}/${expression ?? variable}`;
}

/** Whether a box goes round the world, so that it has no side to fit. @param {import("../types.js").Box} box */
export function isGlobal([west, , east]) {
  return east - west >= 350;
}

/**
 * A box of the map's, whose world goes on and on, as a box of the one world: west may be east of east.
 * @param {import("../types.js").Box} box
 * @returns {import("../types.js").Box}
 */
export function wrap([west, south, east, north]) {
  const sides = east - west >= 360 ? [-180, 180] : [wrapLongitude(west), wrapLongitude(east)];
  const round = (/** @type {number} */ degrees) => Number(degrees.toFixed(3));
  return [round(sides[0]), round(Math.max(-90, south)), round(sides[1]), round(Math.min(90, north))];
}

/**
 * A box whose east is not west of its west, across 180° too.
 * @param {import("../types.js").Box} box
 * @returns {import("../types.js").Box}
 */
export function unwrap([west, south, east, north]) {
  return [west, south, east < west ? east + 360 : east, north];
}
