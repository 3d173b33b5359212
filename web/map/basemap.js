/** What lies below the data and above it: the viewer's own ground, an online map, or nothing. */
import { L } from "../vendor.js";
import { landLayer, lineLayer } from "./ground.js";
import { placeNames } from "./names.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Basemap} Basemap */
/** @typedef {{layers: L.GridLayer[], names: boolean}} Ground */

export const PANES = ["land", "data", "lines", "names"];
const OFFLINE = "offline";
const NONE = "none";

/**
 * Which basemap is wanted; one that the operator has taken away is the viewer's own.
 * @param {Pick<State, "basemap" | "config">} state
 */
export function basemapOf({ basemap, config }) {
  const id = basemap ?? config?.basemap ?? OFFLINE;
  const online = config?.basemaps.find((one) => one.id === id) ?? null;
  return { online, isOffline: !online && id !== NONE, hasCoasts: id !== NONE };
}

/**
 * @param {L.Map} map @param {import("../types.js").Store} store
 * @param {() => void} changed is told when all of it is drawn
 */
export function mountBasemap(map, store, changed) {
  /** @type {Ground} */
  let ground = { layers: [], names: false };
  const names = L.layerGroup().addTo(map);
  const label = () => (ground.names ? void placeNames(map, names) : names.clearLayers());
  const redraw = () => ground.layers.forEach((layer) => !(layer instanceof L.TileLayer) && layer.redraw());
  map.on("moveend", label);
  window.addEventListener("themechange", redraw);
  const stop = store.subscribe(["basemap", "config"], (state) => {
    ground.layers.forEach((layer) => layer.remove());
    ground = groundOf(state);
    for (const layer of ground.layers) layer.on("load", changed).addTo(map);
    label();
  });
  return {
    isDrawn: () => ground.layers.every((layer) => !layer.isLoading()),
    unmount() {
      stop();
      map.off("moveend", label);
      window.removeEventListener("themechange", redraw);
    },
  };
}

/** @param {State} state @returns {Ground} */
function groundOf(state) {
  const { online, isOffline, hasCoasts } = basemapOf(state);
  const below = online ? [onlineLayer(online)] : isOffline ? [landLayer()] : [];
  return { layers: hasCoasts ? [...below, lineLayer()] : below, names: isOffline };
}

/**
 * Its pictures are asked for in a way that lets the map be saved with them; of a host that does not
 * allow that they are shown, and left out of what is saved.
 * @param {Basemap} basemap
 */
function onlineLayer({ url, max_zoom: maxNativeZoom }) {
  const layer = L.tileLayer(url, { pane: "land", maxNativeZoom, crossOrigin: "anonymous", updateWhenZooming: false });
  layer.once("tileerror", () => {
    layer.options.crossOrigin = false;
    layer.redraw();
  });
  return layer;
}
