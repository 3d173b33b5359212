/** What the state means: the variable shown, the step of time, the box to fit. Pure. */
import { wrapLongitude } from "./number.js";
import { nearestIndex } from "./time.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Variable} Variable */
/** @typedef {import("../types.js").Detail} Detail */

/** @param {Pick<State, "detail" | "variable">} state @returns {Variable | null} */
export function variableOf({ detail, variable }) {
  if (!detail) return null;
  return detail.variables.find(({ id }) => id === variable) ?? firstVariable(detail);
}

/**
 * What a dataset opens with: a picture, if its catalogue has composed one, else its first variable.
 * @param {Pick<Detail, "variables">} detail
 * @returns {Variable | null}
 */
export function firstVariable({ variables }) {
  return variables.find(({ kind }) => kind === "composite") ?? variables[0] ?? null;
}

/**
 * The variable whose values are read at a click: a composite has no value of its own.
 * @param {Pick<State, "detail" | "variable" | "chart">} state
 * @returns {Variable | null}
 */
export function chartedOf(state) {
  const shown = variableOf(state);
  const single = state.detail?.variables.filter(({ kind }) => kind !== "composite") ?? [];
  const wanted = single.find(({ id }) => id === state.chart);
  if (wanted || shown?.kind !== "composite") return wanted ?? shown;
  return single.find(({ id }) => !shown.style.bands?.includes(id)) ?? single[0] ?? null;
}

/** @param {Variable | null} variable */
export function hasTime(variable) {
  return Boolean(variable?.dims.includes("time"));
}

/**
 * The step that is shown: one of the axis, as the server writes it; null if there is no time.
 * @param {Pick<State, "time" | "times" | "detail" | "variable">} state
 */
export function timeOf(state) {
  if (!hasTime(variableOf(state)) || state.detail?.dimensions.time?.type === "number") return null;
  if (!state.times.length) return state.time ?? state.detail?.dimensions.time?.default?.toString() ?? null;
  return state.times[nearestIndex(state.times, state.time ?? state.detail?.dimensions.time?.default?.toString() ?? null)];
}

/** @param {Pick<State, "time" | "times" | "detail" | "variable">} state @param {number} step wraps round */
export function timeAfter(state, step) {
  const { times } = state;
  const now = timeOf(state);
  if (now === null || times.length < 2) return null;
  return times[(nearestIndex(times, now) + step + times.length) % times.length];
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
