/** Diagrams of time and one direction: means of blocks, and values along a line. Pure. */
import { widthOf } from "../cube/block.js";
import { DAY_MS, instantsOf, nearestInstant } from "../lib/time.js";

/**
 * @typedef {import("../cube/block.js").Block} Block
 * @typedef {"latitude" | "longitude" | "distance"} AxisKind
 * @typedef {object} Diagram
 * @property {AxisKind} kind
 * @property {number} low where the first position begins: the south, the west, or the line's start
 * @property {number} high
 * @property {number} count of positions, from low to high
 * @property {string[]} times
 * @property {string | null} units
 * @property {Float32Array} values (times, positions), NaN where there are none
 * @typedef {{from: number, to: number, typical: number}} Span milliseconds since 1970, and between two steps
 */

const RADIANS = Math.PI / 180;

/** An empty one of a block. @param {Block} block @param {"latitude" | "longitude"} kind @returns {Diagram} */
export function diagramOf({ box, shape: [steps, height, width], times, units }, kind) {
  const [west, south, , north] = box;
  const count = kind === "latitude" ? height : width;
  const [low, high] = kind === "latitude" ? [south, north] : [west, west + widthOf(box)];
  return { kind, low, high, count, times, units, values: new Float32Array(steps * count).fill(NaN) };
}

/** Parts of the earth's surface that cells of each row have, the northernmost first. @param {Block} block */
export function rowWeights({ box: [, south, , north], shape: [, height] }) {
  const edge = (/** @type {number} */ row) => Math.sin((north - (row * (north - south)) / height) * RADIANS);
  return Float64Array.from({ length: height }, (_, row) => edge(row) - edge(row + 1));
}

/**
 * The mean of one step of a block over the other direction, weighted by the area of cells that have values.
 * @param {Diagram} diagram which is written to @param {Block} block @param {number} step
 */
export function fillMean({ kind, count, values }, block, step) {
  const [, height, width] = block.shape;
  const weights = rowWeights(block);
  const sums = new Float64Array(count), parts = new Float64Array(count);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const value = block.values[(step * height + row) * width + col];
      if (Number.isNaN(value)) continue;
      const at = kind === "latitude" ? height - 1 - row : col;
      sums[at] += weights[row] * value;
      parts[at] += weights[row];
    }
  }
  for (let at = 0; at < count; at++) values[step * count + at] = parts[at] ? sums[at] / parts[at] : NaN;
}

/** @param {{distance_m: number[], times: string[], units: string | null, values: (number | null)[][]}} transect @returns {Diagram} */
export function alongLine({ distance_m: distances, times, units, values }) {
  const numbers = Float32Array.from(values.flat(), (value) => value ?? NaN);
  return { kind: "distance", low: 0, high: distances[distances.length - 1], count: distances.length, times, units, values: numbers };
}

/** From half a step before the first to half a step after the last. @param {string[]} times @returns {Span} */
export function spanOf(times) {
  const at = instantsOf(times);
  const apart = Array.from(at.subarray(1), (instant, i) => instant - at[i]).sort((a, b) => a - b);
  const typical = apart[apart.length >> 1] || DAY_MS;
  return { from: at[0] - typical / 2, to: at[at.length - 1] + typical / 2, typical };
}

/** The step that stands for an instant; -1 in a gap of the axis. @param {string[]} times @param {Span} span @param {number} instant */
export function stepAt(times, { typical }, instant) {
  const instants = instantsOf(times);
  const step = nearestInstant(instants, instant);
  return Math.abs(instants[step] - instant) <= typical ? step : -1;
}

/** The middle of a position's cell, in degrees or metres. @param {Diagram} diagram @param {number} at */
export function middleOf({ low, high, count, kind }, at) {
  // Points along a line stand at its ends too.
  if (kind === "distance") return low + (at / Math.max(1, count - 1)) * (high - low);
  return low + ((at + 0.5) / count) * (high - low);
}
