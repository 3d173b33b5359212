/** Whose data and whose map is seen, as text in the corner. */
import { L } from "../vendor.js";
import { escapeHtml } from "../lib/dom.js";
import { detailOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { basemapOf } from "./basemap.js";

/**
 * @param {L.Map} map @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountAttribution(map, store) {
  const control = L.control.attribution({ prefix: false, position: "bottomright" }).addTo(map);
  /** @type {string[]} */
  let shown = [];
  return store.subscribe(["layers", "details", "basemap", "config"], (state) => {
    const visible = state.layers.filter((layer) => layer.visible);
    const { online, hasCoasts } = basemapOf(state);
    const words = [
      ...visible.toReversed().map((layer) => detailOf(state, layer)?.attribution),
      online?.attribution,
      hasCoasts ? t("map.coasts") : null,
    ];
    shown.forEach((text) => control.removeAttribution(text));
    // Leaflet inserts attributions as HTML: what a dataset or an operator says has to go in as text.
    shown = [...new Set(words.filter((text) => typeof text === "string" && text))].map((text) => escapeHtml(/** @type {string} */ (text)));
    shown.forEach((text) => control.addAttribution(text));
  });
}
