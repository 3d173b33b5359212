/** Values with colours, as people write them: read from text, made into colormaps, and back. Pure. */
import { parseOwn } from "./own.js";
import { isPossible, positionOf, valueAt } from "./scale.js";

/**
 * @typedef {"continuous" | "stepwise" | "categorical"} Kind
 * @typedef {{value: number, color: string}} Stop color `#rrggbb` or `#rrggbbaa`; of steps it begins at the value
 */

const STOPS = 5; // that an existing ramp is shown with

/**
 * The lines of a text, each a value and a colour: `10, #ff0000`, or as GDAL and QGIS write them `10 255 0 0 255`.
 * @param {string} text
 * @returns {{stops: Stop[], bad: string[]}} bad: lines that are neither that, nor empty or a heading
 */
export function parseStops(text) {
  /** @type {{stops: Stop[], bad: string[]}} */
  const found = { stops: [], bad: [] };
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    if (!line || /^(#(?![0-9a-f]{6})|INTERPOLATION|nv\b)/i.test(line)) continue;
    const stop = parseLine(line);
    if (stop) found.stops.push(stop);
    else found.bad.push(line);
  }
  return found;
}

/** @param {string} line @returns {Stop | null} */
function parseLine(line) {
  const [first, ...rest] = line.split(/[\s,;:=]+/);
  const value = Number(first);
  const hex = rest.find((part) => /^#([0-9a-f]{6}|[0-9a-f]{8})$/i.test(part));
  if (!Number.isFinite(value) || first === "") return null;
  if (hex) return { value, color: hex.toLowerCase() };
  const parts = rest.slice(0, 4).map(Number);
  const bytes = parts.slice(0, Number.isInteger(parts[3]) ? 4 : 3);
  if (bytes.length < 3 || !bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) return null;
  return { value, color: hexOf(bytes) };
}

/** @param {ArrayLike<number>} bytes three or four */
function hexOf(bytes) {
  const [r, g, b, a = 255] = Array.from(bytes);
  const digits = (a === 255 ? [r, g, b] : [r, g, b, a]).map((byte) => byte.toString(16).padStart(2, "0"));
  return `#${digits.join("")}`;
}

/**
 * The colormap that stops make, and the range that it is for.
 * @param {Kind} kind @param {Stop[]} stops in any order; of steps the last one is the upper end
 * @param {import("../types.js").Scale} scale of the layer
 * @returns {{colormap: string, rescale: import("../types.js").Range | null} | null} null where they make none
 */
export function writeStops(kind, stops, scale) {
  const sorted = stops.filter(({ value }) => Number.isFinite(value)).sort((a, b) => a.value - b.value);
  const isDistinct = sorted.every(({ value }, i) => i === 0 || value > sorted[i - 1].value);
  if (sorted.length < (kind === "categorical" ? 1 : 2) || !isDistinct) return null;
  if (kind === "categorical") {
    const isWhole = sorted.every(({ value }) => Number.isInteger(value));
    return isWhole ? { colormap: JSON.stringify(Object.fromEntries(sorted.map(({ value, color }) => [value, color]))), rescale: null } : null;
  }
  const [low, high] = [sorted[0].value, sorted[sorted.length - 1].value];
  if (kind === "stepwise") {
    const steps = sorted.slice(0, -1).map(({ value, color }, i) => [[value, sorted[i + 1].value], color]);
    return { colormap: JSON.stringify(steps), rescale: null };
  }
  if (!isPossible(scale, [low, high])) return null;
  const place = (/** @type {number} */ value) => Math.round(255 * positionOf(scale, low, high, value));
  return { colormap: JSON.stringify(Object.fromEntries(sorted.map(({ value, color }) => [place(value), color]))), rescale: [low, high] };
}

/**
 * What an editor begins with: the stops of an own colormap, or some of a table's colours over its range.
 * @param {string} colormap @param {import("./ramp.js").Ramp | null} ramp
 * @returns {{kind: Kind, stops: Stop[]}}
 */
export function readStops(colormap, ramp) {
  const own = parseOwn(colormap);
  if (own?.kind === "classes") return { kind: "categorical", stops: own.entries.map(({ value, color }) => ({ value, color })) };
  if (own?.kind === "steps") {
    const { high, color } = own.entries[own.entries.length - 1];
    return { kind: "stepwise", stops: [...own.entries.map((entry) => ({ value: entry.low, color: entry.color })), { value: high, color }] };
  }
  if (!ramp) return { kind: "continuous", stops: [{ value: 0, color: "#ffffff" }, { value: 1, color: "#0b7285" }] };
  if (ramp.first !== null) return { kind: "categorical", stops: classStops(ramp, ramp.first) };
  const { low, high, scale, table } = ramp;
  const stops = Array.from({ length: STOPS }, (_, i) => {
    const at = 4 * Math.round((i / (STOPS - 1)) * (table.length / 4 - 1));
    return { value: Number(valueAt(scale, low, high, i / (STOPS - 1)).toPrecision(6)), color: hexOf(table.subarray(at, at + 4)) };
  });
  return { kind: "continuous", stops };
}

/** @param {import("./ramp.js").Ramp} ramp @param {number} first */
function classStops({ table }, first) {
  return Array.from({ length: table.length / 4 }, (_, i) => ({ value: first + i, color: hexOf(table.subarray(4 * i, 4 * i + 4)) }))
    .filter((_, i) => table[4 * i + 3] > 0);
}
