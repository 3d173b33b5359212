/**
 * How values become colours: the same mapping as the server's (tileserver/style.py), as data for the
 * shader and, by `colorAt`, for everything else. Pure.
 */
import { bend } from "./scale.js";
import { bytesOf, isJson, parseOwn } from "./own.js";

/**
 * @typedef {object} Ramp
 * @property {Uint8Array} table n × 4, straight RGBA
 * @property {number} low
 * @property {number} high
 * @property {import("../types.js").Scale} scale
 * @property {number | null} first of classes: the value of the table's first colour, which has one for each whole number
 * @property {Float32Array | null} steps of intervals: low and high of each of the table's colours, ascending
 *
 * @typedef {[number, number, number, number]} Rgba 0 to 255, straight
 * @typedef {ReturnType<typeof import("../lib/select.js").styleOf>} LayerStyle
 */

export const COLOURS = 255; // of a ramp: those of a palette beside the one for no data
const WIDEST = 4096; // classes further apart than this are the server's to colour
const TRANSPARENT = /** @type {Rgba} */ ([0, 0, 0, 0]);

/**
 * @param {LayerStyle} style
 * @param {import("./tables.js").Table | null} table of the colormap's name; null while it is not known
 * @returns {Ramp | null} null while something is missing, and for what only the server can colour
 */
export function rampOf({ colormap, rescale, scale, categories }, table) {
  const own = parseOwn(colormap);
  if (own?.kind === "classes") return classes(own.entries);
  if (own?.kind === "steps") return intervals(own.entries);
  const named = categories ?? table?.classes;
  if (!own && isJson(colormap)) return null;
  if (!own && named) return classes(named);
  const colours = own?.lut ?? table?.lut;
  if (!colours || !rescale) return null;
  const [low, high] = rescale;
  return { table: sample(colours), low, high, scale, first: null, steps: null };
}

/** The three ranges of a picture's bands, of which no colour counts. @param {import("../types.js").Range} range @returns {Ramp[]} */
export function bandRamps([low, high]) {
  const ramp = /** @type {Ramp} */ ({ table: new Uint8Array(4), low, high, scale: "linear", first: null, steps: null });
  return [ramp, ramp, ramp];
}

/** @type {WeakMap<Uint8Array, Uint8Array>} so that equal ramps share one table, and one texture */
const sampled = new WeakMap();

/** The 255 colours that a palette has of 256. @param {Uint8Array} lut */
function sample(lut) {
  const known = sampled.get(lut);
  if (known) return known;
  const table = new Uint8Array(COLOURS * 4);
  for (let i = 0; i < COLOURS; i++) {
    const from = 4 * Math.round((i * 255) / (COLOURS - 1));
    table.set(lut.subarray(from, from + 4), 4 * i);
  }
  sampled.set(lut, table);
  return table;
}

/** @type {WeakMap<object, Ramp>} */
const made = new WeakMap();

/** @param {{value: number, color: string, mask?: number}[]} entries @returns {Ramp | null} */
function classes(entries) {
  const known = made.get(entries);
  if (known) return known;
  const values = entries.map(({ value }) => value);
  const [first, last] = [Math.min(...values), Math.max(...values)];
  const isPlain = values.every(Number.isInteger) && entries.every(({ mask }) => mask === undefined || mask === null);
  if (!isPlain || last - first >= WIDEST) return null;
  const table = new Uint8Array(4 * (last - first + 1));
  for (const { value, color } of entries) table.set(bytesOf(color), 4 * (value - first));
  /** @type {Ramp} */
  const ramp = { table, low: first, high: last, scale: "linear", first, steps: null };
  made.set(entries, ramp);
  return ramp;
}

/** @param {{low: number, high: number, color: string}[]} entries ascending @returns {Ramp} */
function intervals(entries) {
  const known = made.get(entries);
  if (known) return known;
  const table = Uint8Array.from(entries.flatMap(({ color }) => bytesOf(color)));
  const steps = Float32Array.from(entries.flatMap(({ low, high }) => [low, high]));
  /** @type {Ramp} */
  const ramp = { table, low: steps[0], high: steps[steps.length - 1], scale: "linear", first: null, steps };
  made.set(entries, ramp);
  return ramp;
}

/**
 * The colour of a value: what the shader does.
 * @param {Ramp} ramp @param {number | null} value @returns {Rgba}
 */
export function colorAt(ramp, value) {
  if (value === null || Number.isNaN(value)) return TRANSPARENT;
  const index = indexOf(ramp, value);
  if (index < 0 || 4 * index >= ramp.table.length) return TRANSPARENT;
  const [r, g, b, a] = ramp.table.subarray(4 * index, 4 * index + 4);
  return [r, g, b, a];
}

/** @param {Ramp} ramp @param {number} value */
function indexOf({ table, low, high, scale, first, steps }, value) {
  // Raw tiles that were averaged have classes to within the step of their codes.
  if (first !== null) return Math.round(value - first);
  if (steps) {
    for (let i = 0; i < steps.length; i += 2) if (value >= steps[i] && value < steps[i + 1]) return i / 2;
    return -1;
  }
  const t = bend(scale, low, high);
  const position = Math.min(1, Math.max(0, (t(value) - t(low)) / (t(high) - t(low))));
  return Math.min(table.length / 4 - 1, Math.floor((table.length / 4) * position));
}
