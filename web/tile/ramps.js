/** The colours that a layer's raw tiles are painted with, as soon as its colour table is there. */
import { getJson } from "../api.js";
import { path } from "../lib/address.js";
import { styleOf, variableOf } from "../lib/select.js";

/**
 * @typedef {object} Ramp
 * @property {Uint8Array} table n × 4, straight RGBA
 * @property {number} low
 * @property {number} high
 * @property {import("../types.js").Scale} scale
 * @property {number | null} first of classes: the value of the table's first colour
 *
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Layer} Layer
 */

/** Tells by the event `change` that a table has come. */
export const tables = new EventTarget();
/** @type {Map<string, Uint8Array | null>} */
const known = new Map();
const BANDS = 3;
const NO_COLOURS = new Uint8Array(4);

/**
 * One ramp; of a composite three, of which the ends alone count. Null while tables load, and of layers
 * that the server has to colour.
 * @param {Pick<State, "details" | "ranges">} state @param {Layer} layer
 * @returns {Ramp[] | null}
 */
export function rampsOf(state, layer) {
  const style = styleOf(state, layer);
  if (variableOf(state, layer)?.kind === "composite") return style.rescale && bandsOf(style.rescale);
  if (style.categories && !layer.colormap) return [classesOf(style.categories)];
  const table = tableOf(style.colormap);
  if (!table || !style.rescale) return null;
  const [low, high] = style.rescale;
  return [{ table, low, high, scale: style.scale, first: null }];
}

/** @param {import("../types.js").Range} range @returns {Ramp[]} */
function bandsOf([low, high]) {
  return Array.from({ length: BANDS }, () => ({ table: NO_COLOURS, low, high, scale: "linear", first: null }));
}

/** @type {WeakMap<import("../types.js").Category[], Ramp>} */
const classes = new WeakMap();

/** @param {import("../types.js").Category[]} categories @returns {Ramp} */
function classesOf(categories) {
  const made = classes.get(categories);
  if (made) return made;
  const values = categories.map(({ value }) => value);
  const [first, last] = [Math.min(...values), Math.max(...values)];
  const table = new Uint8Array(4 * (last - first + 1));
  for (const { value, color } of categories) table.set(bytesOf(color), 4 * (value - first));
  /** @type {Ramp} */
  const ramp = { table, low: first, high: last, scale: "linear", first };
  classes.set(categories, ramp);
  return ramp;
}

/** @param {string} color `#rrggbb` or `#rrggbbaa` */
function bytesOf(color) {
  return [1, 3, 5, 7].map((at) => parseInt(color.slice(at, at + 2) || "ff", 16));
}

/** @param {string} name */
function tableOf(name) {
  const found = known.get(name);
  if (found !== undefined) return found;
  known.set(name, null);
  getJson(`colormaps/${path(name)}`, new AbortController().signal).then(({ colors }) => {
    const last = colors.length - 1;
    known.set(name, Uint8Array.from(Array.from({ length: 255 }, (_, i) => bytesOf(colors[Math.round((i * last) / 254)])).flat()));
    tables.dispatchEvent(new Event("change"));
  }, () => known.delete(name));
  return null;
}
