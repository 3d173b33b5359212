/**
 * Cutting of flat rings and lines at straight edges, so that a basemap can be kept in small cells.
 * Points are [x, y] in any one plane; axis 0 is x, axis 1 is y.
 */

/** @typedef {[number, number]} Point */

/**
 * The point where the segment a-b meets `value` on `axis`.
 * @param {Point} a @param {Point} b @param {0 | 1} axis @param {number} value
 * @returns {Point}
 */
function crossing(a, b, axis, value) {
  const t = (value - a[axis]) / (b[axis] - a[axis]);
  const other = axis === 0 ? a[1] + t * (b[1] - a[1]) : a[0] + t * (b[0] - a[0]);
  return axis === 0 ? [value, other] : [other, value];
}

/**
 * The part of a closed ring with low <= coordinate <= high (Sutherland-Hodgman, both sides).
 * @param {Point[]} ring @param {0 | 1} axis @param {number} low @param {number} high
 * @returns {Point[]} a ring whose last point is its first, or an empty list
 */
export function clipRing(ring, axis, low, high) {
  return clipHalf(clipHalf(ring, axis, low, 1), axis, high, -1);
}

/**
 * @param {Point[]} ring @param {0 | 1} axis @param {number} value
 * @param {1 | -1} side 1 keeps coordinates above the value, -1 those below
 * @returns {Point[]}
 */
function clipHalf(ring, axis, value, side) {
  /** @type {Point[]} */
  const out = [];
  for (let i = 0; i + 1 < ring.length; i++) {
    const [a, b] = [ring[i], ring[i + 1]];
    const aIn = (a[axis] - value) * side >= 0;
    const bIn = (b[axis] - value) * side >= 0;
    if (aIn) out.push(a);
    if (aIn !== bIn) out.push(crossing(a, b, axis, value));
  }
  if (out.length) out.push(out[0]);
  return out;
}

/**
 * The pieces of an open line with low <= coordinate <= high.
 * @param {Point[]} line @param {0 | 1} axis @param {number} low @param {number} high
 * @returns {Point[][]}
 */
export function clipLine(line, axis, low, high) {
  return clipLineHalf(line, axis, low, 1).flatMap((part) => clipLineHalf(part, axis, high, -1));
}

/**
 * @param {Point[]} line @param {0 | 1} axis @param {number} value @param {1 | -1} side
 * @returns {Point[][]}
 */
function clipLineHalf(line, axis, value, side) {
  /** @type {Point[][]} */
  const parts = [];
  /** @type {Point[]} */
  const part = [];
  for (let i = 0; i < line.length; i++) {
    const inside = (line[i][axis] - value) * side >= 0;
    const wasInside = i > 0 && (line[i - 1][axis] - value) * side >= 0;
    if (i > 0 && inside !== wasInside) part.push(crossing(line[i - 1], line[i], axis, value));
    if (inside) part.push(line[i]);
    else if (part.length) parts.push(part.splice(0));
  }
  if (part.length) parts.push(part);
  return parts.filter((points) => points.length > 1);
}
