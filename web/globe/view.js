/** Where the camera of the globe stands, from what the map shows or a dataset covers; and back. Pure. */
import { isGlobal, unwrap } from "../lib/select.js";

/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").View} View */
/** @typedef {{width: number, height: number}} Size of the window, pixels */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Sides of it that panels cover, pixels */

/** Of the longer side of the window, radians. */
export const FIELD = Math.PI / 3;
export const RADIUS_M = 6378137;
const TILE = 256;
const FILLED = 0.92; // of the shorter side by the whole globe
const NOTHING = { left: 0, top: 0, right: 0, bottom: 0 };
const DOWN = /** @type {const} */ ([0, -90]); // heading and pitch
const LEAST_HEIGHT_M = 400;

/** @param {number} degrees */
const radians = (degrees) => (degrees * Math.PI) / 180;

/** @param {number} zoom of the map @param {number} lat */
function metresPerPixel(zoom, lat) {
  return (2 * Math.PI * RADIUS_M * Math.cos(radians(lat))) / (TILE * 2 ** zoom);
}

/** Metres on the ground below that the longer side of the window sees from 1 m. */
const SPREAD = 2 * Math.tan(FIELD / 2);

/** What is free of a window. @param {Size} size @param {Sides} covered @returns {Size} */
function freeOf({ width, height }, { left, top, right, bottom }) {
  return { width: Math.max(100, width - left - right), height: Math.max(100, height - top - bottom) };
}

/** The height from which the whole globe is seen. @param {Size} size @param {Sides} [covered] */
export function wholeHeight(size, covered = NOTHING) {
  const free = freeOf(size, covered);
  const seen = (FILLED * Math.tan(FIELD / 2) * Math.min(free.width, free.height)) / Math.max(size.width, size.height);
  return RADIUS_M / Math.sin(Math.atan(seen)) - RADIUS_M;
}

/** The camera above what the map shows. @param {View} view @param {Size} size @returns {number[]} */
export function cameraOfView({ lat, lon, zoom }, size) {
  const height = (metresPerPixel(zoom, lat) * Math.max(size.width, size.height)) / SPREAD;
  return [lon, lat, Math.max(LEAST_HEIGHT_M, Math.min(height, wholeHeight(size))), ...DOWN];
}

/** What the map shows of where the camera looks. @param {number[]} camera @param {Size} size @param {number} [most] zoom @returns {View} */
export function viewOfCamera([lon, lat, height], size, most = 18) {
  const perPixel = (height * SPREAD) / Math.max(size.width, size.height);
  const zoom = Math.log2(metresPerPixel(0, Math.min(85, Math.abs(lat))) / perPixel);
  const round = (/** @type {number} */ degrees) => Number(degrees.toFixed(4));
  return { lat: round(Math.max(-85, Math.min(85, lat))), lon: round(lon), zoom: Math.max(1, Math.min(most, Math.round(zoom))) };
}

/**
 * The camera that sees a box whole: from above the pole where it goes round that.
 * @param {Box | null} box @param {Size} size @param {Sides} [covered]
 * @returns {number[]}
 */
export function cameraOfBox(box, size, covered = NOTHING) {
  const whole = wholeHeight(size, covered);
  if (!box) return [0, 20, whole, ...DOWN];
  const [west, south, east, north] = unwrap(box);
  if (!isGlobal(box)) return cameraOfRegion([west, south, east, north], size, whole, covered);
  if (south > 0 && north > 80) return [0, 90, capHeight(90 - south, size, covered, whole), ...DOWN];
  if (north < 0 && south < -80) return [0, -90, capHeight(90 + north, size, covered, whole), ...DOWN];
  return [0, Math.max(-60, Math.min(60, (south + north) / 2 || 20)), whole, ...DOWN];
}

/** In the part of the window that no panel covers. @param {Box} box @param {Size} size @param {number} whole @param {Sides} covered @returns {number[]} */
function cameraOfRegion([west, south, east, north], size, whole, covered) {
  const { left, top, right, bottom } = covered;
  const lat = (south + north) / 2;
  const shrink = Math.cos(radians(lat));
  const { width: wide, height: high } = freeOf(size, covered);
  const perPixel = (radians(1) * RADIUS_M * Math.max(((east - west) * shrink) / wide, (north - south) / high)) / FILLED;
  const height = Math.max(LEAST_HEIGHT_M, (perPixel * Math.max(size.width, size.height)) / SPREAD);
  if (height > whole) return [turned((west + east) / 2), lat, whole, ...DOWN];
  const perDegree = radians(1) * RADIUS_M;
  const lon = (west + east) / 2 - ((left - right) / 2) * (perPixel / perDegree / shrink);
  return [turned(lon), lat + ((top - bottom) / 2) * (perPixel / perDegree), height, ...DOWN];
}

/** @param {number} lon @returns {number} from -180 */
function turned(lon) {
  return ((((lon + 180) % 360) + 360) % 360) - 180;
}

/** The height from which a cap round the point below is seen. @param {number} degrees its radius @param {Size} size @param {Sides} covered @param {number} whole */
function capHeight(degrees, size, covered, whole) {
  const free = freeOf(size, covered);
  const angle = radians(Math.min(80, degrees));
  const half = (FILLED * Math.tan(FIELD / 2) * Math.min(free.width, free.height)) / Math.max(size.width, size.height);
  return Math.min(whole, RADIUS_M * (Math.sin(angle) / half - (1 - Math.cos(angle))));
}

/**
 * The view whose centre is so many pixels to the right of and below another's.
 * @param {View} view @param {number} right @param {number} down
 * @returns {View}
 */
export function moveView({ lat, lon, zoom }, right, down) {
  const world = TILE * 2 ** zoom;
  const y = Math.asinh(Math.tan(radians(Math.max(-85, Math.min(85, lat))))) - (2 * Math.PI * down) / world;
  const round = (/** @type {number} */ degrees) => Number(degrees.toFixed(4));
  return { lat: round((Math.atan(Math.sinh(y)) * 180) / Math.PI), lon: round(turned(lon + (360 * right) / world)), zoom };
}
