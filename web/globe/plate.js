/** Lines of the basemap, packed in Web Mercator, on tiles of a world in degrees. Pure. */

/** @typedef {{points: Float32Array, box: import("../types.js").Box}} Line longitudes and latitudes, one after the other */
/** @typedef {{x: number, y: number, size: number}} Corner of a cell, in widths of the world from its north-west */
/** @typedef {import("./provider.js").Tile} Tile */

/** Where the world of Web Mercator ends, degrees. */
const MERCATOR_EDGE = 85.0511;

/** @param {number} y from the top of the world, in its widths */
export function latitudeAt(y) {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
}

/**
 * @param {number[]} packed flat integer differences, as lib/outline.js reads them
 * @param {number} extent of the cell, in their units
 * @param {Corner} corner
 * @returns {Line}
 */
export function unpack(packed, extent, corner) {
  const points = new Float32Array(packed.length);
  const box = /** @type {import("../types.js").Box} */ ([180, 90, -180, -90]);
  let [x, y] = [0, 0];
  for (let i = 0; i < packed.length; i += 2) {
    x += packed[i];
    y += packed[i + 1];
    const lon = (corner.x + (x / extent) * corner.size) * 360 - 180;
    const lat = latitudeAt(corner.y + (y / extent) * corner.size);
    points.set([lon, lat], i);
    stretch(box, lon, lat);
  }
  return { points, box };
}

/** @param {import("../types.js").Box} box @param {number} lon @param {number} lat */
function stretch(box, lon, lat) {
  box[0] = Math.min(box[0], lon);
  box[1] = Math.min(box[1], lat);
  box[2] = Math.max(box[2], lon);
  box[3] = Math.max(box[3], lat);
}

/** @param {Tile} tile @returns {import("../types.js").Box} */
export function boxOfTile({ z, x, y }) {
  const side = 180 / 2 ** z;
  return [x * side - 180, 90 - (y + 1) * side, (x + 1) * side - 180, 90 - y * side];
}

/** The tile of a level that a place lies in, and where in it, 0 to 1. @param {number} z @param {number} lon @param {number} lat */
export function tileAt(z, lon, lat) {
  const side = 180 / 2 ** z;
  const [column, row] = [(lon + 180) / side, (90 - lat) / side];
  const x = Math.min(2 ** (z + 1) - 1, Math.max(0, Math.floor(column)));
  const y = Math.min(2 ** z - 1, Math.max(0, Math.floor(row)));
  return { z, x, y, u: column - x, v: row - y };
}

/** Whether two boxes have a point in common; of the second, west may be east of east. @param {import("../types.js").Box} a @param {import("../types.js").Box} b */
export function overlaps([west, south, east, north], [left, bottom, right, top]) {
  if (south > top || north < bottom) return false;
  const across = right < left ? right + 360 : right;
  return [-360, 0, 360].some((turn) => west <= across + turn && east >= left + turn);
}

/**
 * Cells of a zoom that a tile touches.
 * @param {Tile} tile @param {number} zoom
 * @returns {{name: string, corner: Corner}[]}
 */
export function cellsOf(tile, zoom) {
  const [west, south, east, north] = boxOfTile(tile);
  const count = 2 ** zoom;
  const column = (/** @type {number} */ lon) => Math.min(count - 1, Math.floor(((lon + 180) / 360) * count));
  const [first, last] = [column(west), column(east - 1e-9)];
  const [top, bottom] = [rowAt(north, count), rowAt(south + 1e-9, count)];
  const cells = [];
  for (let x = first; x <= last; x++) {
    for (let y = top; y <= bottom; y++) cells.push({ name: `${zoom}-${x}-${y}`, corner: { x: x / count, y: y / count, size: 1 / count } });
  }
  return cells;
}

/** @param {number} lat @param {number} count of rows */
function rowAt(lat, count) {
  const phi = (Math.max(-MERCATOR_EDGE, Math.min(MERCATOR_EDGE, lat)) * Math.PI) / 180;
  const y = (1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2;
  return Math.min(count - 1, Math.max(0, Math.floor(y * count)));
}

/**
 * Whether a piece of coast is only where the world was cut, at 180° or where Web Mercator ends.
 * @param {Float32Array} points @param {number} i of the piece's end, behind its start
 */
export function isCut(points, i) {
  const along = (/** @type {number} */ at, /** @type {number} */ edge) => Math.abs(points[at]) > edge && Math.abs(points[at - 2]) > edge;
  return along(i, 179.98) || along(i + 1, MERCATOR_EDGE - 0.02);
}
