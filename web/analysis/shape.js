/** Shapes on the ground: circles, sizes, middles. Pure. */

/** @typedef {import("../types.js").Place} Place */
/** @typedef {import("../types.js").Geometry} Geometry */
/** @typedef {[number, number]} LonLat */

const EARTH_M = 6_371_008.8; // mean radius
const RADIANS = Math.PI / 180;
const CORNERS = 72;

/** Along the great circle. @param {LonLat} from @param {LonLat} to */
export function distance([lon, lat], [toLon, toLat]) {
  const [a, b] = [lat * RADIANS, toLat * RADIANS];
  const half = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(((toLon - lon) * RADIANS) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** A circle on the ground as a polygon. @param {LonLat} centre @param {number} radius_m @returns {import("geojson").Polygon} */
export function circle([lon, lat], radius_m) {
  const angle = radius_m / EARTH_M;
  const sine = Math.sin(lat * RADIANS), cosine = Math.cos(lat * RADIANS);
  const ring = Array.from({ length: CORNERS + 1 }, (_, i) => {
    const bearing = (-2 * Math.PI * (i % CORNERS)) / CORNERS;
    const to = Math.asin(sine * Math.cos(angle) + cosine * Math.sin(angle) * Math.cos(bearing));
    const turn = Math.atan2(Math.sin(bearing) * Math.sin(angle) * cosine, Math.cos(angle) - sine * Math.sin(to));
    return [round(lon + turn / RADIANS), round(to / RADIANS)];
  });
  return { type: "Polygon", coordinates: [ring] };
}

/** @param {LonLat} one @param {LonLat} other @returns {import("geojson").Polygon} */
export function rectangle([lon, lat], [toLon, toLat]) {
  const [west, east] = [Math.min(lon, toLon), Math.max(lon, toLon)].map(round);
  const [south, north] = [Math.min(lat, toLat), Math.max(lat, toLat)].map(round);
  return { type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] };
}

/** @param {number} degrees */
function round(degrees) {
  return Number(degrees.toFixed(6));
}

/** What the server is asked about; null of lines, which have no value of their own. @param {Place} place @returns {Geometry | null} */
export function areaOf({ geometry, radius_m }) {
  if (geometry.type === "Point") return radius_m ? circle(/** @type {LonLat} */ (geometry.coordinates), radius_m) : geometry;
  return geometry.type === "Polygon" || geometry.type === "MultiPolygon" ? geometry : null;
}

/** Whether a place has one value at a time, and no mean of many. @param {Place} place */
export function isPoint({ geometry, radius_m }) {
  return geometry.type === "Point" && !radius_m;
}

/** All positions of a geometry. @param {Geometry} geometry @returns {LonLat[]} */
export function positionsOf({ coordinates }) {
  const flat = /** @type {any} */ (coordinates).flat(Infinity);
  // Positions may have heights: those are told by the innermost list.
  const width = innermost(coordinates).length;
  return Array.from({ length: flat.length / width }, (_, i) => [flat[i * width], flat[i * width + 1]]);
}

/** @param {any} list @returns {number[]} */
function innermost(list) {
  return typeof list[0] === "number" ? list : innermost(list[0]);
}

/** The middle of a place's extent. @param {Place} place @returns {LonLat} */
export function middleOf({ geometry }) {
  const [west, south, east, north] = extentOf(geometry);
  return [(west + east) / 2, (south + north) / 2];
}

/** @param {Geometry} geometry @returns {import("../types.js").Box} */
export function extentOf(geometry) {
  const positions = positionsOf(geometry);
  const [lons, lats] = [positions.map(([lon]) => lon), positions.map(([, lat]) => lat)];
  const ends = (/** @type {number[]} */ values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [[west, east], [south, north]] = [ends(lons), ends(lats)];
  return [west, south, east, north];
}

/** Metres along a line on the ground, its parts together; 0 of all else. @param {Place} place */
export function lengthOf({ geometry }) {
  const lines = geometry.type === "LineString" ? [geometry.coordinates] : geometry.type === "MultiLineString" ? geometry.coordinates : [];
  return lines.reduce((sum, line) => sum + line.slice(1).reduce((part, to, i) => part + distance(/** @type {LonLat} */ (line[i]), /** @type {LonLat} */ (to)), 0), 0);
}

/** Square metres on the ground, holes apart; 0 of points and lines. @param {Place} place */
export function sizeOf(place) {
  const area = areaOf(place);
  const polygons = area?.type === "Polygon" ? [area.coordinates] : area?.type === "MultiPolygon" ? area.coordinates : [];
  return polygons.reduce((sum, [outer, ...holes]) => sum + holes.reduce((rest, hole) => rest - ringSize(hole), ringSize(outer)), 0);
}

/** Of a ring on a sphere, by the trapezoids below its sides. @param {number[][]} ring */
function ringSize(ring) {
  let twice = 0;
  for (let i = 0; i < ring.length; i++) {
    const [[lon, lat], [nextLon, nextLat]] = [ring[i], ring[(i + 1) % ring.length]];
    twice += (nextLon - lon) * RADIANS * (2 + Math.sin(lat * RADIANS) + Math.sin(nextLat * RADIANS));
  }
  return Math.abs((twice * EARTH_M ** 2) / 2);
}
