/** Where other programs find what is shown: an address for each, of the state's time and style. Pure. */
import { coloursOf, path, query, valuesOf } from "./address.js";
import { activeOf, detailOf, timeOf, variableOf } from "./select.js";
import { t } from "./text.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Variable} Variable */

/**
 * @typedef {object} Service
 * @property {string} title
 * @property {string} note what it is for, in a line
 * @property {string} address absolute
 * @property {string} [file] the name to keep it by, of what is a file rather than an address to hand on
 */

/** Below what addresses begin: the page's own folder, or where the active layer's dataset may be seen without a key. @param {State} state @param {string} page */
export function baseOf(state, page) {
  const base = state.signed[activeOf(state)?.dataset ?? ""]?.base;
  return base ? `${base}/` : page;
}

/**
 * @param {State} state
 * @param {string} base below which addresses begin
 * @returns {Service[]} none while nothing is shown
 */
export function servicesOf(state, base) {
  const shown = activeOf(state);
  const [detail, variable] = [detailOf(state, shown), variableOf(state, shown)];
  if (!shown || !detail || !variable) return [];
  const time = /** @type {[string, string | null]} */ (["time", timeOf(state, shown)]);
  const named = /** @type {[string, string | null][]} */ ([...valuesOf(shown, variable), ["style", styleId(shown, variable)]]);
  const drawn = readable(query([time, ...valuesOf(shown, variable), ...coloursOf(shown, variable)]));
  const layer = `${detail.id}.${variable.id}`;
  const tiles = `tiles/${path(detail.id, variable.id)}`;
  const described = `wmts/${path(detail.id, variable.id)}`;
  /** @param {string} place @param {string} [asked] */
  const at = (place, asked) => new URL(asked ? `${place}?${asked}` : place, base).href;
  return [
    // Without a time, which would fix the layer to it: QGIS goes through all times by itself.
    { title: t("data.service.qgisTitle"), note: t("data.service.qgis"), address: at(`${described}.qlr`, readable(query(named))), file: `${layer}.qlr` },
    { title: "WMTS", note: t("data.service.wmts"), address: at(`wmts/${path(detail.id)}/1.0.0/WMTSCapabilities.xml`) },
    { title: "WMS", note: t("data.service.wms"), address: at(`wms/${path(detail.id)}`, "service=WMS&request=GetCapabilities") },
    { title: "GDAL", note: t("data.service.gdal"), address: at(`${described}.xml`, readable(query([time, ...named]))), file: `${layer}.xml` },
    { title: "OGC API", note: t("data.service.ogc"), address: at(`ogc/collections/${path(layer)}`) },
    { title: "TileJSON", note: t("data.service.tilejson"), address: at(`${tiles}/tilejson.json`, drawn) },
    // Placeholders stay as they are: a URL would encode their braces.
    { title: t("data.service.xyzTitle"), note: t("data.service.xyz"), address: `${at(tiles)}/{z}/{x}/{y}.png${drawn && "?"}${drawn}` },
  ];
}

/**
 * The id of the style shown in WMTS and WMS, which know colours and ranges; null for the layer's own.
 * @param {Pick<import("../types.js").Layer, "colormap" | "rescale">} layer @param {Variable} variable
 */
export function styleId({ colormap, rescale }, { kind, style }) {
  const name = colormap ?? style.colormap_name;
  if (kind === "composite" || !name || (!colormap && !rescale)) return null;
  return [name, ...(rescale ?? [])].join(":");
}

/** A query may hold these signs, and people read addresses that they copy. @param {string} encoded */
function readable(encoded) {
  return encoded.replace(/%(2C|3A)/g, decodeURIComponent);
}
