/** The offline basemap on the globe: sea and land below the data, coasts and borders above them. */
import { ImageryLayer } from "./cesium.js";
import { CanvasProvider } from "./provider.js";
import { boxOfTile, cellsOf, isCut, overlaps, unpack } from "./plate.js";

/** @typedef {import("./plate.js").Line} Line */
/** @typedef {import("./provider.js").Tile} Tile */
/** @typedef {{land: Line[], coast: Line[], borders: Line[]}} Shapes */
/** @typedef {{above: () => ImageryLayer[], pending: () => number, stop: () => void}} Base the sheets of the basemap: those above data, and how many pictures are on their way */

const SIDE = 512; // pixels of a tile
const CELL_ZOOM = 4;
/** From this level on cells are drawn; below, the world's finer file. */
const FINE_FROM = 5;
const MOST_LEVEL = 10;
/** Antarctica goes on to the pole where the basemap, in Web Mercator, ends. */
const EDGE = -85.03;
const WHOLE = { x: 0, y: 0, size: 1 };

/** @type {Map<string, Promise<Shapes & {cells?: string[]}>>} */
const loaded = new Map();

/** @param {{name: string, corner: import("./plate.js").Corner}} cell */
function load({ name, corner }) {
  const known = loaded.get(name);
  if (known) return known;
  // Kept for all tiles that share it, so that none of them gives it up.
  const loading = fetch(new URL(`../vendor/basemap/${name}.json`, import.meta.url)).then((r) => r.json()).then((packed) => {
    const all = (/** @type {number[][]} */ lines) => lines.map((line) => unpack(line, packed.extent, corner));
    return { land: all(packed.land), coast: all(packed.coast ?? []), borders: all(packed.borders), cells: packed.cells };
  });
  loaded.set(name, loading);
  loading.catch(() => loaded.delete(name));
  return loading;
}

/** @param {Tile} tile @returns {Promise<Shapes[]>} */
async function shapesOf(tile) {
  if (tile.z < FINE_FROM) return [await load({ name: "world-fine", corner: WHOLE })];
  const world = await load({ name: "world", corner: WHOLE });
  const near = cellsOf(tile, CELL_ZOOM).filter(({ name }) => world.cells?.includes(name));
  return Promise.all(near.map(load));
}

/** @param {Line[]} lines @param {Tile} tile @param {boolean} close */
function pathOf(lines, tile, close) {
  const [west, south, east, north] = boxOfTile(tile);
  const scale = SIDE / (east - west);
  const slack = 4 / scale;
  const near = lines.filter(({ box }) => overlaps([west - slack, south - slack, east + slack, north + slack], box));
  const path = new Path2D();
  for (const { points } of near) {
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [(points[i] - west) * scale, (north - points[i + 1]) * scale];
      if (!i || (!close && isCut(points, i))) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    if (close) path.closePath();
  }
  return path;
}

/** @param {string} name of a CSS custom property */
export function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function canvas() {
  const element = document.createElement("canvas");
  element.width = element.height = SIDE;
  return { element, context: /** @type {CanvasRenderingContext2D} */ (element.getContext("2d")) };
}

/** @param {Tile} tile */
async function drawGround(tile) {
  const { element, context } = canvas();
  context.fillStyle = themeColour("--sea");
  context.fillRect(0, 0, SIDE, SIDE);
  context.fillStyle = themeColour("--land");
  for (const { land } of await shapesOf(tile)) context.fill(pathOf(land, tile, true), "evenodd");
  const [, south, , north] = boxOfTile(tile);
  const edge = ((north - EDGE) / (north - south)) * SIDE;
  if (edge < SIDE) context.fillRect(0, edge, SIDE, SIDE - edge);
  return element;
}

/** @param {CanvasRenderingContext2D} context @param {Path2D} path @param {string} colour @param {number} width */
function stroke(context, path, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke(path);
}

/** @param {Tile} tile */
async function drawLines(tile) {
  const { element, context } = canvas();
  for (const { coast, borders } of await shapesOf(tile)) {
    const path = pathOf(coast, tile, false);
    stroke(context, path, themeColour("--coast-halo"), 4);
    stroke(context, path, themeColour("--coast"), 1.8);
    stroke(context, pathOf(borders, tile, false), themeColour("--border-line"), 1.3);
  }
  return element;
}

/**
 * Sea and land at the bottom, coasts on top, drawn anew in another theme.
 * @param {import("./cesium.js").Scene} scene
 * @returns {Base}
 */
export function mountGround(scene) {
  const onCome = () => scene.requestRender();
  /** @type {{provider: CanvasProvider, layer: ImageryLayer}[]} */
  let sheets = [];
  const lay = () => {
    for (const { layer } of sheets) scene.imageryLayers.remove(layer);
    const providers = [
      new CanvasProvider(drawGround, { onCome, most: MOST_LEVEL, opaque: true }),
      new CanvasProvider(drawLines, { onCome, most: MOST_LEVEL }),
    ];
    sheets = providers.map((provider) => ({ provider, layer: new ImageryLayer(/** @type {any} */ (provider)) }));
    scene.imageryLayers.add(sheets[0].layer, 0);
    scene.imageryLayers.add(sheets[1].layer);
    scene.requestRender();
  };
  lay();
  window.addEventListener("themechange", lay);
  return {
    above: () => [sheets[1].layer],
    pending: () => sheets.reduce((sum, { provider }) => sum + provider.pending, 0),
    stop: () => window.removeEventListener("themechange", lay),
  };
}
