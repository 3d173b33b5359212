/** What the colours of a picture mean, as the legend of the page tells it. */
import { getJson } from "../api.js";
import { classesOf } from "../colour/classes.js";
import { parseOwn } from "../colour/own.js";
import { rampsOf } from "../colour/tables.js";
import { ticksOf } from "../colour/ticks.js";
import { legendAddress } from "../lib/address.js";
import { formatValue } from "../lib/number.js";
import { detailOf, styleOf, variableOf } from "../lib/select.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Layer} Layer
 *
 * @typedef {object} Key
 * @property {string} title
 * @property {string | null} units
 * @property {{label: string, color: string}[]} [entries] of classes, intervals, or the bands of a picture
 * @property {string[]} [colors] of a bar
 * @property {{label: string, position: number}[]} [ticks]
 */

const TICKS = 6;
const BANDS = ["#d62728", "#2ca02c", "#1f77b4"];

/** Of all layers that are seen, the uppermost first; without those that have none. @param {State} state @param {AbortSignal} signal @returns {Promise<Key[]>} */
export async function keysOf(state, signal) {
  const layers = state.layers.filter(({ visible }) => visible).reverse();
  const found = await Promise.all(layers.map((layer) => keyOf(state, layer) ?? servedKey(state, layer, signal)));
  return found.filter((key) => key !== null);
}

/** Of what the browser knows; null of what the server colours. @param {State} state @param {Layer} layer @returns {Key | null} */
function keyOf(state, layer) {
  const variable = variableOf(state, layer);
  if (!variable) return null;
  const style = styleOf(state, layer);
  const head = { title: variable.title ?? variable.id, units: variable.units ?? null };
  if (variable.kind === "composite") return { ...head, entries: bandsOf(state, layer) };
  const classes = classesOf(style.colormap, style.categories);
  if (classes) return { ...head, entries: classes.filter(({ isHidden }) => !isHidden) };
  const own = parseOwn(style.colormap);
  if (own?.kind === "steps") {
    return { ...head, entries: own.entries.map(({ low, high, color }) => ({ label: `${formatValue(low)} – ${formatValue(high)}`, color })) };
  }
  const [ramp] = rampsOf(state, layer) ?? [];
  return ramp ? { ...head, colors: cssOf(ramp.table), ticks: ticksOf(ramp.low, ramp.high, ramp.scale, TICKS) } : null;
}

/** @param {State} state @param {Layer} layer */
function bandsOf(state, layer) {
  const ids = layer.expression?.split(";") ?? variableOf(state, layer)?.style.bands ?? [];
  const title = (/** @type {string} */ id) => detailOf(state, layer)?.variables.find((one) => one.id === id)?.title ?? id.trim();
  return ids.map((id, i) => ({ label: title(id), color: BANDS[i] }));
}

/** @param {Uint8Array} table n × 4 */
function cssOf(table) {
  return Array.from({ length: table.length / 4 }, (_, i) => {
    const [red, green, blue, alpha] = table.subarray(4 * i, 4 * i + 4);
    return `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
  });
}

/** @type {Map<string, Key>} one for all frames of an animation */
const kept = new Map();

/** @param {State} state @param {Layer} layer @param {AbortSignal} signal @returns {Promise<Key | null>} */
async function servedKey(state, layer, signal) {
  const variable = variableOf(state, layer);
  if (!variable) return null;
  const address = legendAddress(layer, variable);
  try {
    const key = kept.get(address) ?? keyOfServer(await getJson(address, signal));
    kept.set(address, key);
    return key;
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

/** @param {import("../types.js").Legend} legend @returns {Key} */
function keyOfServer({ title, units, categories, bands, colors, ticks }) {
  const entries = categories ?? bands?.map((band) => ({ label: band.title, color: band.color }));
  return { title, units, entries, colors, ticks };
}
