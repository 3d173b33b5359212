/** The Leaflet map: basemap, data, view, values under the pointer; and what others ask of it. */
import { L } from "../vendor.js";
import { t } from "../lib/text.js";
import { mountAttribution } from "./attribution.js";
import { mountBasemap, PANES } from "./basemap.js";
import { Frames } from "./frames.js";
import { mountHover } from "./hover.js";
import { GLOBAL_CENTRE, fitFirst, keepView, mountControls, setView } from "./view.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../tile/source.js").TileData} TileData */
/** @typedef {{data: TileData, left: number, top: number, right: number, bottom: number}} Part of a tile, in its pixels, that is in view */

const MAX_ZOOM = 18;

/** @type {WeakMap<HTMLElement, L.Map>} */
const maps = new WeakMap();
/** @type {WeakMap<Store, {map: L.Map, frames: Frames}>} */
const shown = new WeakMap();

/** @param {HTMLElement} element that a map is mounted in @returns {L.Map} */
export function mapOf(element) {
  const map = maps.get(element);
  if (!map) throw new Error("mapOf: no map is mounted in this element");
  return map;
}

/**
 * The map of an element, as soon as it is mounted.
 * @param {HTMLElement} element @param {AbortSignal} signal
 * @returns {Promise<L.Map>}
 */
export function mapReady(element, signal) {
  const map = maps.get(element);
  if (map) return Promise.resolve(map);
  return new Promise((resolve) => element.addEventListener("map:mounted", () => resolve(mapOf(element)), { once: true, signal }));
}

/**
 * The parts of a layer's tiles that are in view, as they are shown.
 * @param {Store} store @param {Layer} layer
 * @returns {Part[]}
 */
export function visibleParts(store, layer) {
  const found = shown.get(store);
  const sheet = found?.frames.shown?.sheets.find((one) => one.layer.id === layer.id);
  if (!found || !sheet) return [];
  const { window } = found.frames.view;
  return [...sheet.tiles.values()].flatMap(({ z, x, y, data }) => (data ? partsOf({ z, x, y }, data, window) : []));
}

/** @param {import("./grid.js").TileName} tile @param {TileData} data @param {import("./grid.js").Window} window @returns {Part[]} */
function partsOf({ z, x, y }, data, { west, north, east, south }) {
  const across = 2 ** z;
  const cut = (/** @type {number} */ place, /** @type {number} */ size) => Math.round(Math.min(1, Math.max(0, place)) * size);
  const [top, bottom] = [north, south].map((row) => cut(row * across - y, data.height));
  /** @type {Part[]} */
  const parts = [];
  for (let turn = Math.floor(west); turn < east; turn++) {
    const [left, right] = [west, east].map((column) => cut((column - turn) * across - x, data.width));
    if (left < right && top < bottom) parts.push({ data, left, top, right, bottom });
  }
  return parts;
}

/**
 * @param {HTMLElement} element @param {Store} store
 * @param {Store} [page] by which others ask for this map, where it shows a state of its own
 * @returns {() => void} unmount
 */
export function mountMap(element, store, page = store) {
  const map = createMap(element);
  const { view } = store.get();
  setView(map, view ? [view.lat, view.lon] : GLOBAL_CENTRE, view?.zoom ?? 2);
  maps.set(element, map);
  /** @type {Frames | null} */
  let frames = null;
  const ground = mountBasemap(map, store, () => frames?.report());
  frames = new Frames(map, store, ground.isDrawn);
  shown.set(page, { map, frames });
  element.dispatchEvent(new CustomEvent("map:mounted"));
  const stops = [
    keepView(map, store),
    fitFirst(map, store),
    mountAttribution(map, store),
    mountControls(element, map, store),
    mountHover(element, map, store, frames),
    () => frames.free(),
    ground.unmount,
  ];
  return () => {
    stops.forEach((stop) => stop());
    maps.delete(element);
    shown.delete(page);
    map.remove();
  };
}

/** @param {HTMLElement} element */
function createMap(element) {
  const isMoving = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    zoomAnimation: isMoving,
    inertia: isMoving,
    zoomControl: false,
    attributionControl: false,
    keyboard: false,
    fadeAnimation: false,
    minZoom: 1,
    maxZoom: MAX_ZOOM,
    maxBounds: [[-86, -100000], [86, 100000]],
    maxBoundsViscosity: 1,
  });
  for (const name of PANES) map.createPane(name);
  element.tabIndex = 0;
  element.setAttribute("role", "application");
  if (!element.hasAttribute("aria-label")) element.setAttribute("aria-label", t("map.label"));
  return map;
}
