/** Tiles of Web Mercator: which are in view, at which zoom, and where they lie. Pure. */

/**
 * @typedef {import("../types.js").Detail} Detail
 * @typedef {{west: number, north: number, east: number, south: number}} Window on the world's square, in worlds: 0 to 1, and beyond to both sides
 * @typedef {{z: number, x: number, y: number}} TileName x within the world
 */

const TILE = 256;
/** So many zooms beyond the data's own cells tiles are finer; from there on they are enlarged here: each cell is 16 pixels or more. */
const BEYOND = 4;
const FINEST = 22;
const EDGE = 1 / TILE;

/** @param {number} lat @returns {number} from 0 in the north to 1 in the south */
export function rowOf(lat) {
  const sine = Math.sin((Math.max(-85.0511287798, Math.min(85.0511287798, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

/** @param {number} lon */
export function columnOf(lon) {
  return (lon + 180) / 360;
}

/** @param {number} value @param {number} count */
export function modulo(value, count) {
  return ((value % count) + count) % count;
}

/** The zoom at which a pixel is a cell of the data, whatever their CRS; null where that is not known. @param {Detail} detail */
export function nativeZoom({ levels, bbox }) {
  if (!levels?.length || !bbox) return null;
  const [west, south, east, north] = bbox;
  const [rows, columns] = levels[0].shape;
  const degrees = Math.min((north - south) / rows, ((east < west ? east + 360 : east) - west) / columns);
  return degrees > 0 ? Math.log2(360 / TILE / degrees) : null;
}

/** The zoom of the tiles that a map at some zoom shows. @param {number} zoom @param {Detail} detail */
export function tileZoom(zoom, detail) {
  const native = nativeZoom(detail);
  const finest = native === null ? FINEST : Math.ceil(native) + BEYOND;
  return Math.max(0, Math.min(Math.round(zoom), finest, FINEST));
}

/**
 * The part of the world that a rectangle of its pixels shows.
 * @param {{x: number, y: number}} origin @param {{x: number, y: number}} size @param {number} zoom
 * @returns {Window}
 */
export function windowOf(origin, size, zoom) {
  const world = TILE * 2 ** zoom;
  return { west: origin.x / world, north: origin.y / world, east: (origin.x + size.x) / world, south: (origin.y + size.y) / world };
}

/**
 * The tiles of a zoom that a window touches, the nearest to its centre first, each once however often
 * the world is seen; and of these only such as touch the data.
 * @param {Window} window @param {number} z @param {import("../types.js").Box | null} bbox
 * @returns {TileName[]}
 */
export function tilesIn({ west, north, east, south }, z, bbox) {
  const across = 2 ** z;
  const [left, right] = [Math.floor(west * across), Math.ceil(east * across) - 1];
  const [top, bottom] = [Math.max(0, Math.floor(north * across)), Math.min(across, Math.ceil(south * across)) - 1];
  const middle = { x: ((west + east) * across) / 2 - 0.5, y: ((north + south) * across) / 2 - 0.5 };
  /** @type {Map<string, TileName & {far: number}>} */
  const found = new Map();
  for (let column = left; column <= right; column++) {
    const x = modulo(column, across);
    for (let y = top; y <= bottom; y++) {
      const far = (column - middle.x) ** 2 + (y - middle.y) ** 2;
      const known = found.get(`${x}/${y}`);
      if (known) known.far = Math.min(known.far, far);
      else if (touches({ z, x, y }, bbox)) found.set(`${x}/${y}`, { z, x, y, far });
    }
  }
  return [...found.values()].sort((a, b) => a.far - b.far).map(({ x, y }) => ({ z, x, y }));
}

/** @param {TileName} tile @param {import("../types.js").Box | null} bbox */
function touches({ z, x, y }, bbox) {
  if (!bbox) return true;
  const across = 2 ** z;
  const [west, south, east, north] = bbox;
  const [left, right] = [columnOf(west) * across, columnOf(east < west ? east + 360 : east) * across];
  const isBeside = [-1, 0, 1].every((turn) => x + 1 + turn * across <= left - EDGE || x + turn * across >= right + EDGE);
  return !isBeside && y < rowOf(south) * across + EDGE && y + 1 > rowOf(north) * across - EDGE;
}

/**
 * Where a tile is drawn: once for each world in view. Sides are rounded, the same for neighbours, so that
 * no seam shows.
 * @param {TileName} tile @param {Window} window that the canvas shows @param {number} world pixels across
 * @returns {[number, number, number, number][]} left, top, right, bottom in pixels of the canvas
 */
export function placesOf({ z, x, y }, { west, north, east, south }, world) {
  const across = 2 ** z;
  const [top, bottom] = [y, y + 1].map((row) => Math.round((row / across - north) * world));
  if (bottom <= 0 || top >= (south - north) * world) return [];
  /** @type {[number, number, number, number][]} */
  const places = [];
  for (let turn = Math.floor(west); turn < east; turn++) {
    const [left, right] = [x, x + 1].map((column) => Math.round((column / across + turn - west) * world));
    if (right > 0 && left < (east - west) * world) places.push([left, top, right, bottom]);
  }
  return places;
}

/**
 * The tile of a zoom that a place lies in, and where in it, 0 to 1.
 * @param {number} z @param {number} lon @param {number} lat
 */
export function tileAt(z, lon, lat) {
  const across = 2 ** z;
  const column = modulo(columnOf(lon) * across, across);
  const row = Math.min(across - 1e-9, Math.max(0, rowOf(lat) * across));
  return { name: nameOf({ z, x: Math.floor(column), y: Math.floor(row) }), across: column % 1, down: row % 1 };
}

/** @param {TileName} tile */
export function nameOf({ z, x, y }) {
  return `${z}/${x}/${y}`;
}
