/** Where two maps side by side part the stage, given what panels cover of it. Pure. */

/** @typedef {{left: number, top: number, right: number, bottom: number}} Sides pixels */

/**
 * Both get the same room: side by side, or one below the other where the stage is higher than wide.
 * @param {number} width @param {number} height @param {Sides} covered
 * @returns {{isStacked: boolean, at: number, covered: number, first: [number, number], second: [number, number]}}
 *   `at` from the left or the top, `covered` at the first map's left; the middle of what is seen of each map, from its corner
 */
export function splitOf(width, height, { left, right, bottom }) {
  const [free, high] = [width - left - right, height - bottom];
  if (high > free) {
    const at = Math.round(high / 2);
    return { isStacked: true, at, covered: left, first: [left + free / 2, at / 2], second: [left + free / 2, at / 2] };
  }
  const at = Math.round(left + free / 2);
  return { isStacked: false, at, covered: left, first: [(left + at) / 2, high / 2], second: [free / 4, high / 2] };
}
