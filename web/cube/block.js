/** A block of values, time × latitude × longitude: what to ask for, and its slices. Pure. */

/** @typedef {import("../types.js").Box} Box */
/** @typedef {{box: Box, shape: [number, number, number], times: string[], units: string | null, values: Float32Array}} Block values NaN where there are none */
/** @typedef {{width: number, height: number, at: (col: number, row: number) => number}} Slice */
/** @typedef {[number, number, number]} Cut how much is left: of time from the first step, of latitude from the north cut off, of longitude from the west */
/** @typedef {"front" | "back" | "right" | "left" | "top" | "bottom"} FaceName */

const MOST_CELLS = 128 * 128; // of a step
const MOST_NUMBERS = 1_000_000;
const MOST_SIDE = 224;
export const MOST_STEPS = 96;

/** A box's width in degrees. @param {Box} box */
export const widthOf = ([west, , east]) => east - west + (east < west ? 360 : 0);

/**
 * Columns and rows of a block: cells about as wide as high, as many as make a good picture and no long wait.
 * @param {Box} box @param {number} steps of the whole range
 * @returns {{width: number, height: number}}
 */
export function sizeOf(box, steps) {
  const cells = Math.min(MOST_CELLS, MOST_NUMBERS / Math.max(1, Math.min(MOST_STEPS, steps)));
  const middle = Math.cos((((box[1] + box[3]) / 2) * Math.PI) / 180);
  const aspect = (widthOf(box) * Math.max(0.2, middle)) / (box[3] - box[1]);
  const side = (/** @type {number} */ length) => Math.max(2, Math.min(MOST_SIDE, Math.round(length)));
  return { width: side(Math.sqrt(cells * aspect)), height: side(Math.sqrt(cells / aspect)) };
}

/**
 * The part of a box that lies in another; the box itself where they have nothing in common.
 * @param {Box} box @param {Box | null} within
 * @returns {Box}
 */
export function clip(box, within) {
  if (!within) return box;
  const [west, east] = [box[0], box[0] + widthOf(box)];
  for (const turn of [0, 360, -360]) {
    const [left, right] = [within[0] + turn, within[0] + turn + widthOf(within)];
    const found = [Math.max(west, left), Math.max(box[1], within[1]), Math.min(east, right), Math.min(box[3], within[3])];
    if (found[0] < found[2] && found[1] < found[3]) return [wrapped(found[0]), found[1], found[2] - found[0] >= 360 ? wrapped(found[0]) + 360 : wrapped(found[2]), found[3]];
  }
  return box;
}

/** @param {number} lon */
const wrapped = (lon) => (lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon);

/** An empty block, to be filled step by step. @param {{bbox: Box, shape: [number, number, number], times: string[], units: string | null}} head @returns {Block} */
export function emptyBlock({ bbox, shape, times, units }) {
  return { box: bbox, shape, times, units, values: new Float32Array(shape[0] * shape[1] * shape[2]).fill(NaN) };
}

/** @param {Block} block @param {number} step @param {(number | null)[][]} rows */
export function fillStep({ shape, values }, step, rows) {
  const [, height, width] = shape;
  rows.forEach((row, y) => row.forEach((value, x) => (values[(step * height + y) * width + x] = value ?? NaN)));
}

/** How many cells a cut leaves along each axis, at least one. @param {Block} block @param {Cut} cut */
export function cellsLeft({ shape: [steps, height, width] }, [time, y, x]) {
  const count = (/** @type {number} */ share, /** @type {number} */ all) => Math.min(all, Math.max(1, Math.round(share * all)));
  return { steps: count(time, steps), top: height - count(1 - y, height), width: count(x, width) };
}

/**
 * What a face shows: columns to the right, rows down; time runs from the back to the front.
 * @param {Block} block @param {Cut} cut @param {FaceName} name
 * @returns {Slice}
 */
export function faceOf(block, cut, name) {
  const [, height, width] = block.shape;
  const left = cellsLeft(block, cut);
  const high = height - left.top;
  const value = (/** @type {number} */ t, /** @type {number} */ y, /** @type {number} */ x) => block.values[(t * height + y) * width + x];
  const across = (/** @type {number} */ t) => ({ width: left.width, height: high, at: (/** @type {number} */ col, /** @type {number} */ row) => value(t, left.top + row, col) });
  const along = (/** @type {number} */ x) => ({ width: left.steps, height: high, at: (/** @type {number} */ col, /** @type {number} */ row) => value(col, left.top + row, x) });
  const over = (/** @type {number} */ y) => ({ width: left.width, height: left.steps, at: (/** @type {number} */ col, /** @type {number} */ row) => value(row, y, col) });
  return {
    front: () => across(left.steps - 1), back: () => across(0),
    right: () => along(left.width - 1), left: () => along(0),
    top: () => over(left.top), bottom: () => over(height - 1),
  }[name]();
}

/**
 * Where a cell of a face is: its step, latitude and longitude.
 * @param {Block} block @param {Cut} cut @param {FaceName} name @param {number} col @param {number} row
 */
export function placeOf(block, cut, name, col, row) {
  const [, height, width] = block.shape;
  const left = cellsLeft(block, cut);
  const step = { front: left.steps - 1, back: 0, right: col, left: col, top: row, bottom: row }[name];
  const y = { front: left.top + row, back: left.top + row, right: left.top + row, left: left.top + row, top: left.top, bottom: height - 1 }[name];
  const x = { front: col, back: col, right: left.width - 1, left: 0, top: col, bottom: col }[name];
  const [west, south, , north] = block.box;
  const lon = west + ((x + 0.5) / width) * widthOf(block.box);
  return { step, lat: north - ((y + 0.5) / height) * (north - south), lon: lon > 180 ? lon - 360 : lon };
}

/** The cut that shows a step at the front. @param {Cut} cut @param {number} step @param {number} steps @returns {Cut} */
export function cutAtStep(cut, step, steps) {
  return [(step + 1) / steps, cut[1], cut[2]];
}
