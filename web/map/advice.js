/** Tells that a layer is too large to be drawn whole at this zoom, and goes to where it is drawn. */
import { getJson } from "../api.js";
import { path } from "../lib/address.js";
import { detailOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Layer} Layer */

const SOURCE = "budget";
const CLOSER = 2; // zooms, where nobody knows better

/** @param {Store} store @param {import("./frame.js").Frame} frame that is whole */
export function advise(store, frame) {
  const state = store.get();
  const sheet = frame.sheets.find(({ tiles }) => [...tiles.values()].some(({ data }) => data?.kind === "image" && data.isOver));
  const told = state.problem?.source === SOURCE ? state.problem : null;
  if (!sheet) return told ? store.set({ problem: null }) : undefined;
  const { layer } = sheet;
  const title = variableOf(state, layer)?.title ?? detailOf(state, layer)?.title ?? layer.dataset;
  const message = t("map.over", { title });
  if (told?.message === message || advised.has(`${message} ${sheet.z}`)) return undefined;
  advised.add(`${message} ${sheet.z}`);
  const retry = () => void zoomIn(store, layer);
  return store.set({ problem: { message, source: SOURCE, retry, isCalm: true, action: t("map.zoomIn") } });
}

/** What was said once at a zoom is on the map itself. @type {Set<string>} */
const advised = new Set();

/** To the first zoom that is drawn, of which TileJSON tells. @param {Store} store @param {Layer} layer */
async function zoomIn(store, layer) {
  const { view } = store.get();
  if (!view) return;
  const variable = layer.variable ?? "";
  const first = await firstZoom(layer.dataset, variable).catch(() => 0);
  store.set({ view: { ...view, zoom: Math.max(first, Math.floor(view.zoom) + (first ? 1 : CLOSER)) } });
}

/** @param {string} dataset @param {string} variable @returns {Promise<number>} */
async function firstZoom(dataset, variable) {
  const { minzoom = 0 } = await getJson(`tiles/${path(dataset, variable)}/tilejson.json`, AbortSignal.timeout(5000));
  return minzoom;
}
