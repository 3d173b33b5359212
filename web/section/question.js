/** What is asked of the server for a section: values along a line, or a block to be averaged. Pure. */
import { layerPath, valueAddress } from "../lib/address.js";
import { activeOf, axisOf, detailOf, timeDimension, timeOf, unwrap, variableOf } from "../lib/select.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Layer} Layer
 * @typedef {import("../types.js").Variable} Variable
 * @typedef {import("../types.js").Box} Box
 * @typedef {import("../types.js").Section} Section
 * @typedef {"view" | "whole" | "place"} Area
 * @typedef {{id: string, layer: Layer, variable: Variable, time: string | null, address: string}} LineQuestion
 */

const POINTS = 256; // along a line
const POINTS_TIMED = 128;
const KEPT = 120; // cells along the axis that stays
const AVERAGED = 40; // across the one that is averaged
const STEPS = 240;
const MOST_LAYERS = 6;
const MOST_CORNERS = 200;

/** The line that is cut along: the chosen one, else the latest. @param {Pick<State, "places" | "place">} state */
export function lineOf({ places, place: chosen }) {
  const lines = places.filter(({ geometry }) => geometry.type === "LineString");
  return lines.find(({ id }) => id === chosen) ?? lines.at(-1) ?? null;
}

/** `5,45;10,50` @param {import("../types.js").Place} place */
function textOf({ geometry }) {
  const corners = /** @type {import("geojson").LineString} */ (geometry).coordinates;
  const stride = Math.ceil(corners.length / MOST_CORNERS);
  const kept = corners.filter((_, i) => i % stride === 0 || i === corners.length - 1);
  return kept.slice(0, MOST_CORNERS).map(([lon, lat]) => `${Number(lon.toFixed(5))},${Number(lat.toFixed(5))}`).join(";");
}

/** One for each visible layer of single values, the highest first. @param {State} state @returns {LineQuestion[]} */
export function lineQuestions(state) {
  const line = lineOf(state);
  if (!line) return [];
  const shown = state.layers.filter(({ visible, id }) => visible || id === state.active).toReversed();
  return shown.flatMap((layer) => {
    const variable = variableOf(state, layer);
    if (!variable || variable.kind === "composite") return [];
    const time = timeOf(state, layer);
    const address = valueAddress("transect", layer, variable, [["line", textOf(line)], ["points", POINTS], ["time", time]]);
    return [{ id: layer.id, layer, variable, time, address }];
  }).slice(0, MOST_LAYERS);
}

/** The active layer along the line, through the chosen stretch of time; null where something is missing. @param {State} state */
export function lineTimeAddress(state) {
  const [line, layer] = [lineOf(state), activeOf(state)];
  const variable = variableOf(state, layer);
  const times = axisOf(state, layer);
  if (!line || !layer || !variable || !times.length) return null;
  const [start, end] = state.range ?? [times[0], times[times.length - 1]];
  return valueAddress("transect", layer, variable, [["line", textOf(line)], ["points", POINTS_TIMED], ["start", start], ["end", end], ["steps", STEPS]]);
}

/**
 * A block of the active layer, finer along the axis that stays.
 * @param {State} state @param {"latitude" | "longitude"} axis @param {Box} box
 */
export function blockAddress(state, axis, box) {
  const layer = activeOf(state);
  const variable = variableOf(state, layer);
  if (!layer || !variable) return null;
  const [width, height] = axis === "latitude" ? [AVERAGED, KEPT] : [KEPT, AVERAGED];
  return valueAddress("coverage", layer, variable, [
    ["bbox", box.map((edge) => Number(edge.toFixed(4))).join(",")], ["start", state.range?.[0]], ["end", state.range?.[1]],
    ["width", width], ["height", height], ["steps", STEPS], ["f", "ndjson"],
  ]);
}

/** Why there is no diagram of the active layer; null where there is one. @param {State} state @param {Section} kind @param {boolean} isClasses @returns {"picture" | "timeless" | "classes" | null} */
export function obstacle(state, kind, isClasses) {
  const layer = activeOf(state);
  const variable = variableOf(state, layer);
  if (!variable) return null;
  if (kind === "line") return lineQuestions(state).length || !lineOf(state) ? null : "picture";
  if (variable.kind === "composite") return "picture";
  if (!timeDimension(detailOf(state, layer), variable)) return "timeless";
  return isClasses && kind !== "lineTime" ? "classes" : null;
}

/** What names a diagram's file. @param {Layer} layer @param {Variable} variable */
export const nameOf = (layer, variable) => decodeURIComponent(layerPath(layer, variable)).split("/");

/** Whether a box has some extent, across 180° too. @param {Box} box */
export function isArea(box) {
  const [west, south, east, north] = unwrap(box);
  return east > west && north > south;
}
