/** The offline basemap on the globe: sea and land below the data, coasts and borders above them. */
import { ImageryLayer } from "./cesium.js";
import { basemapOf } from "../map/basemap.js";
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

/** A tile of an online map. @param {import("../types.js").Basemap} basemap @returns {import("./provider.js").Draw} */
function drawOnline({ url }) {
  return async ({ z, x, y }) => {
    const image = new Image();
    image.crossOrigin = "anonymous"; // else WebGL may not read it
    image.src = url.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y)).replace("{r}", "").replace("{s}", "a");
    await image.decode();
    return image;
  };
}

/** An empty sea. */
async function drawSea() {
  const { element, context } = canvas();
  context.fillStyle = themeColour("--sea");
  context.fillRect(0, 0, SIDE, SIDE);
  return element;
}

/**
 * Below the data sea and land, or an online map, which ends before the poles; above them coasts.
 * @param {Pick<import("../types.js").State, "basemap" | "config">} state @param {() => void} onCome
 */
function sheetsOf(state, onCome) {
  const { online, isOffline, hasCoasts } = basemapOf(state);
  const below = [new CanvasProvider(isOffline || online ? drawGround : drawSea, { onCome, most: MOST_LEVEL, opaque: true })];
  if (online) below.push(new CanvasProvider(drawOnline(online), { onCome, most: online.max_zoom, mercator: true }));
  return { below, above: hasCoasts ? [new CanvasProvider(drawLines, { onCome, most: MOST_LEVEL })] : [] };
}

/**
 * The basemap, drawn anew in another theme.
 * @param {import("./cesium.js").Scene} scene @param {import("../types.js").Store} store
 * @returns {Base}
 */
export function mountGround(scene, store) {
  const { imageryLayers } = scene;
  /** @type {CanvasProvider[]} */
  let providers = [];
  /** @type {ImageryLayer[]} */
  let layers = [];
  let count = 0; // of those below
  const lay = () => {
    for (const layer of layers) imageryLayers.remove(layer);
    const { below, above } = sheetsOf(store.get(), () => scene.requestRender());
    count = below.length;
    providers = [...below, ...above];
    layers = providers.map((provider) => new ImageryLayer(/** @type {any} */ (provider)));
    layers.forEach((layer, i) => imageryLayers.add(layer, i < count ? i : undefined));
    scene.requestRender();
  };
  const stop = store.subscribe(["basemap", "config"], lay);
  window.addEventListener("themechange", lay);
  return {
    above: () => layers.slice(count),
    pending: () => providers.reduce((sum, { pending }) => sum + pending, 0),
    stop() {
      stop();
      window.removeEventListener("themechange", lay);
    },
  };
}
