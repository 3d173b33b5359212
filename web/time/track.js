/** Draws which moments have data: a row for the active layer, thinner ones for the others that are seen. */
import { instantsOf, nearestInstant } from "../lib/time.js";

/**
 * @typedef {object} Track
 * @property {string[]} times of the active layer
 * @property {string[][]} others of the other visible layers
 * @property {number} from
 * @property {number} to milliseconds since 1970 at its ends
 * @property {string[]} ready whose frames are loaded
 * @property {[string, string] | null} range
 */

const ROW = 8; // pixels of the active layer's row
const THIN = 3; // and of each other
const GAP = 2;
const TICK = 3; // the widest that a step is drawn
const MOST_ROWS = 3;

/** How high a track is. @param {number} others */
export function trackHeight(others) {
  return ROW + Math.min(others, MOST_ROWS) * (THIN + GAP);
}

/** @param {HTMLCanvasElement} canvas as wide as it is shown @param {Track} track */
export function drawTrack(canvas, track) {
  const [width, height] = [canvas.clientWidth, trackHeight(track.others.length)];
  const ratio = window.devicePixelRatio;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  canvas.style.height = `${height}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  const color = (/** @type {string} */ name) => getComputedStyle(canvas).getPropertyValue(name);
  drawRow(context, track, track.times, { y: 0, height: ROW, width, color: color("--muted") });
  track.others.slice(0, MOST_ROWS).forEach((times, i) => {
    drawRow(context, track, times, { y: ROW + GAP + i * (THIN + GAP), height: THIN, width, color: color("--muted") });
  });
  if (track.ready.length) drawRow(context, track, track.ready.toSorted(), { y: 0, height: ROW, width, color: color("--accent") });
  if (track.range) veil(context, track, width, height, color("--card"));
}

/**
 * A line for each step; where they lie closer than pixels, the denser the darker.
 * @param {CanvasRenderingContext2D} context @param {Track} track @param {string[]} times
 * @param {{y: number, height: number, width: number, color: string}} row
 */
function drawRow(context, { from, to }, times, { y, height, width, color }) {
  const counts = countSteps(instantsOf(times), from, to, Math.max(1, Math.floor(width)));
  const density = smoothed(counts);
  const most = density.reduce((a, b) => Math.max(a, b), 1);
  const filled = counts.reduce((sum, count) => sum + Math.min(count, 1), 0);
  const wide = Math.min(TICK, Math.max(1, Math.floor(width / Math.max(1, filled) - 1)));
  context.fillStyle = color;
  counts.forEach((count, x) => {
    if (!count) return;
    context.globalAlpha = 0.35 + (0.55 * density[x]) / most;
    context.fillRect(Math.min(x, width - wide), y, wide, height);
  });
  context.globalAlpha = 1;
}

/** What lies outside of the range that is chosen steps back. @param {CanvasRenderingContext2D} context @param {Track} track @param {number} width @param {number} height @param {string} color */
function veil(context, { from, to, range }, width, height, color) {
  const [low, high] = instantsOf(/** @type {[string, string]} */ (range)).map((at) => ((at - from) / (to - from)) * width);
  context.fillStyle = color;
  context.globalAlpha = 0.7;
  context.fillRect(0, 0, Math.max(0, low - 1), height);
  context.fillRect(high + 2, 0, width, height);
  context.globalAlpha = 1;
}

/**
 * How many steps fall on each pixel of an axis.
 * @param {Float64Array} instants ascending @param {number} from @param {number} to @param {number} pixels
 * @returns {Uint32Array}
 */
export function countSteps(instants, from, to, pixels) {
  const counts = new Uint32Array(pixels);
  for (let i = Math.max(0, nearestInstant(instants, from) - 1); i < instants.length && instants[i] <= to; i++) {
    if (instants[i] < from) continue;
    counts[Math.min(pixels - 1, Math.floor(((instants[i] - from) / (to - from || 1)) * pixels))]++;
  }
  return counts;
}

const SMOOTH = 4; // pixels to either side

/** The mean of what is around: steps do not fall evenly on pixels. Gaps stay. @param {Uint32Array} counts */
function smoothed(counts) {
  return Float32Array.from(counts, (count, x) => {
    if (!count) return 0;
    let [sum, filled] = [0, 0];
    for (let i = Math.max(0, x - SMOOTH); i <= x + SMOOTH && i < counts.length; i++) {
      sum += counts[i];
      filled += counts[i] ? 1 : 0;
    }
    return sum / filled;
  });
}
