/**
 * The map at any size and time, without moving the one that is seen: what it shows, in the same middle,
 * fitted into a picture. Lines and names are drawn anew, so that a large picture is sharper, not coarser.
 */
import { linePath } from "../lib/outline.js";
import { basemapOf } from "../map/basemap.js";
import { makeFrame, recolour } from "../map/frame.js";
import { columnOf, rowOf } from "../map/grid.js";
import { drawLand, drawLines, loadCell, locate } from "../map/ground.js";
import { FlatScreen } from "../map/screen.js";
import { itemsOf } from "../map/stage.js";
import { getPainter } from "../tile/painter.js";
import { drawNames } from "./names.js";
import { drawOnline } from "./online.js";
import { tilesOf, wholePixels } from "./tiling.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("../map/grid.js").Window} Window
 * @typedef {object} Sheet of paper
 * @property {CanvasRenderingContext2D} context
 * @property {Window} window that it shows
 * @property {number} world pixels once round the world
 * @property {number} scale of lines and letters
 */

const TILE = 512;
const TABLE_MS = 100;

/** Pixels once round the world in a picture that shows all that the map does. @param {State} state @param {{width: number, height: number}} size @param {HTMLElement} map */
export function worldOf({ view }, { width, height }, map) {
  return 256 * 2 ** (view?.zoom ?? 1) * Math.min(width / map.clientWidth, height / map.clientHeight);
}

/** What lies below and above the data of all frames of a film: drawn for the first. @typedef {{below?: HTMLCanvasElement, above?: HTMLCanvasElement}} Ground */

/**
 * @param {HTMLCanvasElement} canvas of the wanted size @param {State} state
 * @param {{world: number, scale: number, hasGround: boolean, ground?: Ground, signal: AbortSignal}} options
 */
export async function drawMap(canvas, state, { world, scale, hasGround, ground = {}, signal }) {
  const view = viewOf(state, canvas, world);
  const { window } = view;
  const [frame] = await Promise.all([wholeFrame(state, view, signal), hasGround && !ground.above && drawGround(ground, canvas, state, { window, world, scale }, signal)]);
  signal.throwIfAborted();
  const screen = new FlatScreen(canvas);
  if (ground.below) screen.context.drawImage(ground.below, 0, 0);
  screen.add(itemsOf(frame, window, world));
  if (ground.above) screen.context.drawImage(ground.above, 0, 0);
}

/** @param {State} state @param {{width: number, height: number}} size @param {number} world @returns {import("../map/frame.js").View} */
function viewOf(state, { width, height }, world) {
  const { lat, lon } = state.view ?? { lat: 0, lon: 0 };
  const [west, north] = [columnOf(lon) - width / 2 / world, rowOf(lat) - height / 2 / world];
  const window = { west, north, east: west + width / world, south: north + height / world };
  return { window, zoom: Math.log2(world / 256), isLarge: false, hasPainter: getPainter() !== null };
}

/** Has tiles of a picture that comes later loaded beside. @param {State} state @param {{width: number, height: number}} size @param {number} world @param {AbortSignal} signal */
export function loadAhead(state, size, world, signal) {
  const frame = makeFrame(state, viewOf(state, size, world));
  frame.load(1, () => {});
  signal.addEventListener("abort", () => frame.stop(), { once: true });
}

/** @param {Ground} ground @param {{width: number, height: number}} size @param {State} state @param {Omit<Sheet, "context">} place @param {AbortSignal} signal */
async function drawGround(ground, { width, height }, state, place, signal) {
  const { online, isOffline, hasCoasts } = basemapOf(state);
  const [below, above] = [0, 1].map(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    return { canvas, sheet: { ...place, context: /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")) } };
  });
  below.sheet.context.fillStyle = getComputedStyle(/** @type {HTMLElement} */ (document.getElementById("map"))).backgroundColor;
  below.sheet.context.fillRect(0, 0, width, height);
  if (online) await drawOnline(below.sheet, online, signal);
  else if (isOffline) await drawCells(below.sheet, drawLand);
  if (hasCoasts) await drawCells(above.sheet, drawLines);
  if (isOffline) drawNames(above.sheet, (await loadCell("world")).labels ?? []);
  Object.assign(ground, { below: below.canvas, above: above.canvas });
}

/** @param {State} state @param {import("../map/frame.js").View} view @param {AbortSignal} signal */
async function wholeFrame(state, view, signal) {
  signal.throwIfAborted();
  const frame = makeFrame(state, view);
  await new Promise((/** @type {(value: null) => void} */ resolve, reject) => {
    signal.addEventListener("abort", () => {
      frame.stop();
      reject(signal.reason);
    }, { once: true });
    const check = () => frame.isLoaded && resolve(null);
    frame.load(0, check);
    check();
  });
  const failure = [...frame.failures.values()][0];
  if (failure) throw failure;
  // Colours of what is seen are mostly there already.
  for (; !frame.isWhole; recolour(frame, state)) {
    await new Promise((resolve) => setTimeout(resolve, TABLE_MS));
    signal.throwIfAborted();
  }
  return frame;
}

/** @param {Sheet} sheet @param {import("../map/ground.js").Draw} draw */
async function drawCells({ context, window, world, scale }, draw) {
  const zoom = Math.max(1, Math.round(Math.log2(world / 256 / scale)));
  const across = (2 ** zoom * 256) / TILE;
  const side = world / across;
  for (const { x, y } of tilesOf(window, across)) {
    const found = await locate({ x, y, z: zoom });
    if (!found) continue;
    const [left, top] = [(x - window.west * across) * side, (y - window.north * across) * side];
    const view = { scale: found.scale, x: found.x, y: found.y, size: TILE };
    context.save();
    context.beginPath();
    // Whole pixels, or neighbours show a seam.
    context.rect(...wholePixels(left, top, side));
    context.clip();
    context.transform(side / TILE, 0, 0, side / TILE, left, top);
    draw(context, (lines, close, extent) => linePath(lines, view, close, extent), found.cell, zoom);
    context.restore();
  }
}
