/** Sizes of pictures, and which steps of time an animation has. Pure. */

export const LEAST = 64;
export const MOST = 4096;
/** Sides of a window of 1280 × 800 have signs of their usual size. */
const USUAL_AREA = 1280 * 800;

/** @typedef {{width: number, height: number}} Size */

/** A side within what can be made. @param {number} value */
export function limitSide(value) {
  return Math.min(MOST, Math.max(LEAST, Math.round(value) || LEAST));
}

/** Encoders of videos take whole pairs of pixels only. @param {Size} size @returns {Size} */
export function evened({ width, height }) {
  return { width: width & ~1, height: height & ~1 };
}

/** How large letters and lines are, 1 in a usual window. @param {Size} size */
export function signScale({ width, height }) {
  return Math.max(0.85, Math.min(4, Math.sqrt((width * height) / USUAL_AREA)));
}

/** A size of the same shape with as many pixels as a screen's, for a look ahead. @param {Size} size @param {Size} screen @returns {Size} */
export function lookAhead({ width, height }, screen) {
  const ratio = Math.min(1, Math.sqrt((screen.width * screen.height) / (width * height)));
  return { width: Math.round(width * ratio), height: Math.round(height * ratio) };
}

/**
 * Every nth step, the first and as many as there are.
 * @param {string[]} times @param {number} stride
 */
export function thinned(times, stride) {
  return times.filter((_, i) => i % stride === 0);
}

/** The least stride by which no more than so many are left. @param {number} count @param {number} most */
export function strideFor(count, most) {
  return Math.max(1, Math.ceil(count / most));
}
