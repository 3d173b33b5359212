/** What is asked of the server for a chart: for each place and variable one series. Pure. */
import { valueAddress } from "../lib/address.js";
import { activeOf, axisOf, detailOf, rangeOn, timeDimension, variableOf } from "../lib/select.js";
import { PLAIN } from "../lib/layers.js";
import { areaOf, isPoint } from "./shape.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Layer} Layer
 * @typedef {import("../types.js").Place} Place
 * @typedef {import("../types.js").Variable} Variable
 * @typedef {{key: string, layer: Layer, variable: Variable, hasTime: boolean}} Charted a variable of the chart; `key` as in the state
 * @typedef {{id: string, place: Place, charted: Charted, address: string, body: string | null, names: string[]}} Question
 */

/** What a band of an area's series goes from and to, and the line between. @type {Record<import("../types.js").Charts["show"], [string, string | null, string | null]>} */
export const SHOWN = { mean: ["mean", "std", null], minmax: ["mean", "min", "max"], median: ["median", "p10", "p90"] };

/**
 * The variables that the chart shows: those chosen, else the active layer's. Of a picture the first
 * variable that has values.
 * @param {State} state
 * @returns {Charted[]}
 */
export function chartedOf(state) {
  const chosen = state.charts.variables.flatMap((key) => chartedBy(state, key) ?? []);
  if (chosen.length) return chosen;
  const layer = activeOf(state);
  const variable = variableOf(state, layer);
  if (!layer || !variable) return [];
  if (variable.kind !== "composite") return [chartedAs(state, layer, variable)];
  const first = detailOf(state, layer)?.variables.find(({ kind }) => kind !== "composite");
  return first ? [chartedAs(state, { ...layer, variable: first.id, expression: null }, first)] : [];
}

/** @param {State} state @param {string} key @returns {Charted | null} */
function chartedBy(state, key) {
  const dataset = Object.keys(state.details).find((id) => key.startsWith(`${id}/`));
  if (!dataset) return null;
  const name = key.slice(dataset.length + 1);
  // In the state of the layer that shows it: the same level, the same step.
  const shown = state.layers.find((layer) => layer.dataset === dataset && (layer.expression ?? layer.variable) === name);
  const other = state.layers.find((layer) => layer.dataset === dataset);
  const layer = shown ?? { ...PLAIN, dataset, variable: name, dims: other?.dims ?? {} };
  const variable = variableOf(state, layer);
  return variable && variable.kind !== "composite" ? chartedAs(state, layer, variable) : null;
}

/** @param {State} state @param {Layer} layer @param {Variable} variable @returns {Charted} */
function chartedAs(state, layer, variable) {
  const hasTime = timeDimension(detailOf(state, layer), variable) !== null;
  return { key: keyOf(layer), layer, variable, hasTime };
}

/** @param {Layer} layer */
export function keyOf({ dataset, variable, expression }) {
  return `${dataset}/${expression ?? variable}`;
}

/** All variables that can be charted, of the datasets of layers. @param {State} state @returns {{key: string, title: string, dataset: string}[]} */
export function chartable(state) {
  const datasets = [...new Set(state.layers.map(({ dataset }) => dataset))];
  const own = datasets.flatMap((id) => (state.details[id]?.variables ?? []).filter(({ kind }) => kind !== "composite")
    .map((variable) => ({ key: `${id}/${variable.id}`, title: variable.title || variable.id, dataset: state.details[id].title })));
  const expressions = state.layers.filter(({ expression }) => expression && !expression.includes(";"))
    .map((layer) => ({ key: keyOf(layer), title: /** @type {string} */ (layer.expression), dataset: state.details[layer.dataset]?.title ?? layer.dataset }));
  return [...own, ...expressions];
}

/**
 * @param {State} state
 * @returns {Question[]} of all places that have values, through time, within the range that is chosen
 */
export function questionsOf(state) {
  return chartedOf(state).filter(({ hasTime }) => hasTime).flatMap((charted) => state.places.flatMap((place) => {
    const area = areaOf(place);
    if (!area) return [];
    const names = isPoint(place) ? ["value"] : SHOWN[state.charts.show].filter((name) => name !== null);
    const at = isPoint(place) ? /** @type {number[]} */ (area.coordinates) : null;
    /** @type {[string, string | number | null][]} */
    const pairs = at ? [["lon", at[0]], ["lat", at[1]]] : [["aggregate", names.join(",")]];
    const [start, end] = rangeOn(axisOf(state, charted.layer), state.range) ?? [null, null];
    const address = valueAddress("timeseries", charted.layer, charted.variable, [...pairs, ["start", start], ["end", end], ["f", "ndjson"]]);
    const body = at ? null : JSON.stringify(area);
    return [{ id: `${address} ${body ?? ""}`, place, charted, address, body, names }];
  }));
}
