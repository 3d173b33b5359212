/** Lines as the shortest way over the ground, which maps show as curves. Pure. */

/** @typedef {[number, number]} LonLat */

const RADIANS = Math.PI / 180;
const APART = 1; // degrees between two points at most

/**
 * Corners with points between them, each within half a turn of the one before, so that a line across 180° is whole.
 * @param {LonLat[]} corners
 * @returns {LonLat[]}
 */
export function greatCircle(corners) {
  /** @type {LonLat[]} */
  const points = corners.slice(0, 1);
  for (let i = 1; i < corners.length; i++) points.push(...between(corners[i - 1], corners[i]));
  for (let i = 1; i < points.length; i++) {
    const turns = Math.round((points[i][0] - points[i - 1][0]) / 360);
    points[i] = [points[i][0] - 360 * turns, points[i][1]];
  }
  return points;
}

/** The points after the first, to the second. @param {LonLat} from @param {LonLat} to @returns {LonLat[]} */
function between(from, to) {
  const [a, b] = [vector(from), vector(to)];
  const angle = Math.acos(Math.max(-1, Math.min(1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
  const count = Math.ceil(angle / RADIANS / APART);
  // Opposite ends of the earth have no one way.
  if (count < 2 || Math.sin(angle) < 1e-6) return [to];
  return Array.from({ length: count }, (_, i) => {
    if (i === count - 1) return to;
    const part = (i + 1) / count;
    const [p, q] = [Math.sin((1 - part) * angle) / Math.sin(angle), Math.sin(part * angle) / Math.sin(angle)];
    const [x, y, z] = a.map((value, axis) => p * value + q * b[axis]);
    return [Math.atan2(y, x) / RADIANS, Math.atan2(z, Math.hypot(x, y)) / RADIANS];
  });
}

/** @param {LonLat} place */
function vector([lon, lat]) {
  const [x, y] = [lon * RADIANS, lat * RADIANS];
  return [Math.cos(y) * Math.cos(x), Math.cos(y) * Math.sin(x), Math.sin(y)];
}
