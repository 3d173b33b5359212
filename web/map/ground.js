/** The ground that comes with the viewer: land below the data, coasts and borders above it, drawn from packed lines. */
import { L } from "../vendor.js";
import { h } from "../lib/dom.js";
import { linePath } from "../lib/outline.js";

/**
 * @typedef {object} Cell
 * @property {number} extent units across
 * @property {number[][]} land
 * @property {number[][]} [coast] without it, the rings of land
 * @property {number[][]} borders
 * @property {[number, number, number, string][]} [labels] x, y of the world's square, zoom, name
 * @property {string[]} [cells] those of zoom 4 that hold land
 */

const CELL_ZOOM = 4;
/** From these zooms on the world's finer file, and the cells, are drawn. */
const FINER_FROM = 4;
const FINE_FROM = 6;
const TILE = 512;

/** @type {Map<string, Promise<Cell>>} */
const cells = new Map();

/** @param {string} name @returns {Promise<Cell>} */
export function loadCell(name) {
  const known = cells.get(name);
  if (known) return known;
  const loading = fetch(new URL(`static/vendor/basemap/${name}.json`, document.baseURI)).then((r) => r.json());
  cells.set(name, loading);
  loading.catch(() => cells.delete(name));
  return loading;
}

/**
 * The cell that a tile lies in, and where the tile lies in it.
 * @param {{x: number, y: number, z: number}} coords of tiles of 512 pixels
 * @returns {Promise<{cell: Cell, scale: number, x: number, y: number} | null>} null over open sea
 */
export async function locate({ x, y, z }) {
  const world = await loadCell("world");
  const across = (2 ** z * 256) / TILE; // tiles around the world; one half at zoom 0
  const column = across >= 1 ? ((x % across) + across) % across : x;
  if (z < FINE_FROM) {
    const cell = z < FINER_FROM ? world : await loadCell("world-fine");
    return { cell, scale: (across * TILE) / cell.extent, x: column * TILE, y: y * TILE };
  }
  const ratio = across / 2 ** CELL_ZOOM;
  const [cx, cy] = [Math.floor(column / ratio), Math.floor(y / ratio)];
  const name = `${CELL_ZOOM}-${cx}-${cy}`;
  if (!world.cells?.includes(name)) return null;
  const cell = await loadCell(name);
  return { cell, scale: (ratio * TILE) / cell.extent, x: (column - cx * ratio) * TILE, y: (y - cy * ratio) * TILE };
}

/** @typedef {(context: CanvasRenderingContext2D, path: (lines: number[][], close: boolean, extent?: number) => Path2D, cell: Cell, zoom: number) => void} Draw */

/** Paths by their lines and place: the worlds to the left and right have the same ones. @type {WeakMap<number[][], Map<string, Path2D>>} */
const kept = new WeakMap();
const MOST_KEPT = 24; // of a cell's lines

/** @param {number[][]} lines @param {{scale: number, x: number, y: number, size: number}} view @param {boolean} close @param {number} [extent] */
function keptPath(lines, view, close, extent) {
  const paths = kept.get(lines) ?? new Map();
  kept.set(lines, paths);
  const key = [view.scale, view.x, view.y, close, extent].join();
  const path = paths.get(key) ?? linePath(lines, view, close, extent);
  if (paths.size >= MOST_KEPT) paths.clear();
  paths.set(key, path);
  return path;
}

/** A layer of canvases, drawn from cells. @param {string} pane @param {Draw} draw */
function canvasLayer(pane, draw) {
  const layer = new L.GridLayer({ pane, tileSize: TILE, updateWhenZooming: false, keepBuffer: 1 });
  /** @type {any} */ (layer).createTile = (/** @type {L.Coords} */ coords, /** @type {L.DoneCallback} */ done) => {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const canvas = h("canvas", { width: TILE * ratio, height: TILE * ratio });
    locate(coords).then((found) => {
      const context = canvas.getContext("2d");
      if (found && context) {
        const view = { scale: found.scale, x: found.x, y: found.y, size: TILE };
        context.scale(ratio, ratio);
        draw(context, (lines, close, extent) => keptPath(lines, view, close, extent), found.cell, coords.z);
      }
      done(undefined, canvas);
    }, (error) => done(error, canvas));
    return canvas;
  };
  return layer;
}

/** @param {string} name of a CSS custom property */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @param {CanvasRenderingContext2D} context @param {Path2D} path @param {string} style @param {number} width */
function stroke(context, path, style, width) {
  context.strokeStyle = style;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke(path);
}

/** @type {Draw} */
export function drawLand(context, path, cell) {
  context.fillStyle = colour("--land");
  context.fill(path(cell.land, true), "evenodd");
}

/** @type {Draw} */
export function drawLines(context, path, cell, zoom) {
  const coast = cell.coast ? path(cell.coast, false) : path(cell.land, false, cell.extent);
  stroke(context, coast, colour("--coast-halo"), 2.2);
  stroke(context, coast, colour("--coast"), zoom < 4 ? 0.8 : 1.1);
  stroke(context, path(cell.borders, false), colour("--border-line"), 0.7);
}

export const landLayer = () => canvasLayer("land", drawLand);
export const lineLayer = () => canvasLayer("lines", drawLines);
