/** Where values lie in a range on a linear, logarithmic or symmetric logarithmic scale, as tileserver/style.py says. Pure. */

/** @typedef {import("../types.js").Scale} Scale */

/** Of the larger end of a range: what is nearer to zero is linear under symlog. */
export const SYMLOG_THRESHOLD = 1 / 1000;
const SMALLEST = 1e-38; // a logarithm of nothing would be no number

/** The function whose values are spread evenly. @param {Scale} scale @param {number} low @param {number} high @returns {(value: number) => number} */
export function bend(scale, low, high) {
  if (scale === "log") return (value) => Math.log(Math.max(value, SMALLEST));
  if (scale === "linear") return (value) => value;
  const threshold = thresholdOf(low, high);
  return (value) => Math.sign(value) * Math.log1p(Math.abs(value) / threshold);
}

/** Its inverse. @param {Scale} scale @param {number} low @param {number} high @returns {(bent: number) => number} */
export function unbend(scale, low, high) {
  if (scale === "log") return Math.exp;
  if (scale === "linear") return (bent) => bent;
  const threshold = thresholdOf(low, high);
  return (bent) => Math.sign(bent) * Math.expm1(Math.abs(bent)) * threshold;
}

/** @param {number} low @param {number} high */
export function thresholdOf(low, high) {
  return SYMLOG_THRESHOLD * Math.max(Math.abs(low), Math.abs(high));
}

/** 0 at the low end, 1 at the high one; beyond them less and more. @param {Scale} scale @param {number} low @param {number} high @param {number} value */
export function positionOf(scale, low, high, value) {
  const t = bend(scale, low, high);
  return (t(value) - t(low)) / (t(high) - t(low));
}

/** The value at a position of the range. @param {Scale} scale @param {number} low @param {number} high @param {number} position */
export function valueAt(scale, low, high, position) {
  const t = bend(scale, low, high);
  return unbend(scale, low, high)(t(low) + position * (t(high) - t(low)));
}

/** Whether a range can be shown on a scale. @param {Scale} scale @param {import("../types.js").Range} range */
export function isPossible(scale, [low, high]) {
  return low < high && (scale !== "log" || low > 0);
}
