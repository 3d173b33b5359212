/** Outlines of places, dense enough to lie on a sphere. Pure. */

/** @typedef {import("../types.js").Place} Place */
/** @typedef {[number, number]} Point longitude and latitude */

const RADIUS_M = 6371008.8;
const STEP_DEG = 1;
const CIRCLE = 72; // corners

/** Points that are places themselves. @param {Place} place @returns {number[][]} */
export function pointsOf({ geometry, radius_m: radius }) {
  if (geometry.type === "MultiPoint") return geometry.coordinates;
  return geometry.type === "Point" && !radius ? [geometry.coordinates] : [];
}

/** @param {Place} place @returns {number[][][]} lines */
export function outlinesOf({ geometry, radius_m: radius }) {
  switch (geometry.type) {
    case "Point": return radius ? [circle(geometry.coordinates, radius)] : [];
    case "LineString": return [dense(geometry.coordinates)];
    case "MultiLineString":
    case "Polygon": return geometry.coordinates.map(dense);
    case "MultiPolygon": return geometry.coordinates.flat().map(dense);
    default: return [];
  }
}

/** Straight on the map, so with points between. @param {number[][]} line */
export function dense(line) {
  return line.flatMap(([lon, lat], i) => {
    if (!i) return [[lon, lat]];
    const [fromLon, fromLat] = line[i - 1];
    const count = Math.max(1, Math.ceil(Math.max(Math.abs(lon - fromLon), Math.abs(lat - fromLat)) / STEP_DEG));
    return Array.from({ length: count }, (_, k) => [fromLon + ((lon - fromLon) * (k + 1)) / count, fromLat + ((lat - fromLat) * (k + 1)) / count]);
  });
}

/** @param {number[]} centre @param {number} radius metres on the ground @returns {number[][]} closed */
export function circle([lon, lat], radius) {
  const radians = Math.PI / 180;
  const [angle, phi] = [radius / RADIUS_M, lat * radians];
  return Array.from({ length: CIRCLE + 1 }, (_, i) => {
    const bearing = (2 * Math.PI * (i % CIRCLE)) / CIRCLE;
    const y = Math.asin(Math.sin(phi) * Math.cos(angle) + Math.cos(phi) * Math.sin(angle) * Math.cos(bearing));
    const x = Math.atan2(Math.sin(bearing) * Math.sin(angle) * Math.cos(phi), Math.cos(angle) - Math.sin(phi) * Math.sin(y));
    return [lon + x / radians, y / radians];
  });
}
