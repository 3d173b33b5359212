/** What values are in view: a sample of the pixels of raw tiles, its percentiles and counts. Pure. */
import { positionOf } from "./scale.js";

/**
 * @typedef {import("../types.js").Scale} Scale
 * @typedef {{data: import("../tile/source.js").TileData, left: number, top: number, right: number, bottom: number}} Part
 *   of a tile, in its pixels
 */

const MOST = 60_000; // values that are looked at: enough for percentiles that the eye can tell apart

/**
 * The values of what is in view, evenly sampled, ascending.
 * @param {Part[]} parts
 * @returns {Float32Array}
 */
export function sampleValues(parts) {
  const pixels = parts.reduce((sum, { left, top, right, bottom }) => sum + (right - left) * (bottom - top), 0);
  const stride = Math.max(1, Math.ceil(Math.sqrt(pixels / MOST)));
  const values = new Float32Array(Math.ceil(pixels / stride) + parts.length);
  let count = 0;
  for (const { data, left, top, right, bottom } of parts) {
    if (data.kind !== "raw") continue;
    const { codes, width, scale, offset } = data;
    for (let row = top; row < bottom; row += stride) {
      for (let col = left; col < right && count < values.length; col += stride) {
        const code = codes[row * width + col];
        if (code) values[count++] = offset + scale * code;
      }
    }
  }
  return values.subarray(0, count).sort();
}

/** @param {Float32Array} sorted @param {number} percent @returns {number} NaN of none */
export function percentile(sorted, percent) {
  if (!sorted.length) return NaN;
  const at = (percent / 100) * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

/**
 * How many values fall on each of some bins between two ends, that are even on a scale.
 * @param {Float32Array} sorted @param {number} low @param {number} high @param {Scale} scale @param {number} bins
 * @returns {Uint32Array}
 */
export function countValues(sorted, low, high, scale, bins) {
  const counts = new Uint32Array(bins);
  for (const value of sorted) {
    const position = positionOf(scale, low, high, value);
    if (position >= 0 && position <= 1) counts[Math.min(bins - 1, Math.floor(position * bins))]++;
  }
  return counts;
}

/** Three digits of the range's length, as nobody wants to read more. @param {number} low @param {number} high @returns {import("../types.js").Range} */
export function roundRange(low, high) {
  const digits = Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(high - low))));
  const round = (/** @type {number} */ value) => Number(value.toFixed(digits));
  return [round(low), round(high)];
}
