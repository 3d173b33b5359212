/** Lines with fewer points, by Douglas and Peucker (1973), https://doi.org/10.3138/FM57-6770-U75U-7727. */

/** @typedef {import("./clip.js").Point} Point */

/**
 * Without the points that are nearer than a tolerance to the line between those that are left.
 * @param {Point[]} line @param {number} tolerance
 * @returns {Point[]}
 */
export function simplify(line, tolerance) {
  const kept = new Set([0, line.length - 1]);
  const open = [[0, line.length - 1]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [first, last] = part;
    const far = farthest(line, first, last);
    if (far.distance <= tolerance) continue;
    kept.add(far.index);
    open.push([first, far.index], [far.index, last]);
  }
  return line.filter((_, i) => kept.has(i));
}

/** @param {Point[]} line @param {number} first @param {number} last */
function farthest(line, first, last) {
  let [index, distance] = [first, 0];
  for (let i = first + 1; i < last; i++) {
    const found = distanceTo(line[i], line[first], line[last]);
    if (found > distance) [index, distance] = [i, found];
  }
  return { index, distance };
}

/** From a point to a segment. @param {Point} point @param {Point} from @param {Point} to */
function distanceTo([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const along = square ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / square)) : 0;
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}
