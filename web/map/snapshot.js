/** The map as one picture to keep: ground, data of some time, coasts and names, without panels. */
import { setTime } from "../lib/layers.js";
import { getPainter } from "../tile/painter.js";
import { makeFrame } from "./frame.js";
import { FlatScreen } from "./screen.js";
import { itemsOf } from "./stage.js";

/** @typedef {import("../vendor.js").L.Map} LeafletMap */

/**
 * What the map shows now, or would at another time, `ratio` pixels of the picture a pixel of the map.
 * @param {LeafletMap} map @param {import("../types.js").Store} store
 * @param {{time?: string | null, ratio?: number, signal?: AbortSignal}} [options]
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function draw(map, store, { time = null, ratio = 1, signal } = {}) {
  const size = map.getSize();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.round(size.x * ratio), height: Math.round(size.y * ratio) });
  const frame = await frameAt(map, store, { time, ratio, signal });
  const screen = new FlatScreen(canvas);
  const { context } = screen;
  context.fillStyle = getComputedStyle(map.getContainer()).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawPane(context, map, "land", ratio);
  screen.add(itemsOf(frame.frame, frame.window, 256 * 2 ** map.getZoom() * ratio));
  drawPane(context, map, "lines", ratio);
  drawNames(context, map, ratio);
  return canvas;
}

/** @param {LeafletMap} map @param {import("../types.js").Store} store @param {{time: string | null, ratio: number, signal?: AbortSignal}} options */
async function frameAt(map, store, { time, ratio, signal }) {
  const state = store.get();
  const zoom = map.getZoom();
  const [corner, size, world] = [map.getPixelBounds().min ?? map.getPixelOrigin(), map.getSize(), 256 * 2 ** zoom];
  const window = { west: corner.x / world, north: corner.y / world, east: (corner.x + size.x) / world, south: (corner.y + size.y) / world };
  const view = { window, zoom, isLarge: ratio > 1.5, hasPainter: getPainter() !== null };
  const frame = makeFrame(time === null ? state : { ...state, ...setTime(state, time) }, view);
  const stop = () => frame.stop();
  signal?.addEventListener("abort", stop);
  await new Promise((/** @type {(value: null) => void} */ resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
    frame.load(0, () => frame.isLoaded && resolve(null));
    if (frame.isLoaded) resolve(null);
  }).finally(() => signal?.removeEventListener("abort", stop));
  return { frame, window };
}

/** What a pane of the map shows, as it stands. @param {CanvasRenderingContext2D} context @param {LeafletMap} map @param {string} name @param {number} ratio */
function drawPane(context, map, name, ratio) {
  const frame = map.getContainer().getBoundingClientRect();
  for (const part of map.getPane(name)?.querySelectorAll("canvas, img") ?? []) {
    // A picture of a host that does not allow it would make the whole one unreadable.
    if (part instanceof HTMLImageElement && part.crossOrigin === null) continue;
    const { left, top, width, height } = part.getBoundingClientRect();
    context.drawImage(/** @type {HTMLCanvasElement} */ (part), (left - frame.left) * ratio, (top - frame.top) * ratio, width * ratio, height * ratio);
  }
}

/** @param {CanvasRenderingContext2D} context @param {LeafletMap} map @param {number} ratio */
function drawNames(context, map, ratio) {
  const frame = map.getContainer().getBoundingClientRect();
  Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
  for (const name of map.getPane("names")?.querySelectorAll("span") ?? []) {
    const { left, top, width, height } = name.getBoundingClientRect();
    const { color, fontFamily, fontWeight } = getComputedStyle(name);
    const at = /** @type {const} */ ([(left + width / 2 - frame.left) * ratio, (top + height / 2 - frame.top) * ratio]);
    Object.assign(context, { font: `${fontWeight} ${11 * ratio}px ${fontFamily}`, fillStyle: color, lineWidth: 3 * ratio });
    context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--name-halo");
    context.strokeText(name.textContent ?? "", ...at);
    context.fillText(name.textContent ?? "", ...at);
  }
}
