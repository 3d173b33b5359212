/** Whose data and whose map is seen, as text in the corner. */
import { L } from "../vendor.js";
import { escapeHtml } from "../lib/dom.js";
import { detailOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { basemapOf } from "./basemap.js";

/** All that is seen is named once, the uppermost first. @param {Pick<import("../types.js").State, "layers" | "details" | "basemap" | "config">} state */
export function creditsOf(state) {
  const { online, hasCoasts } = basemapOf(state);
  const visible = state.layers.filter((layer) => layer.visible).reverse();
  const words = [...visible.map((layer) => detailOf(state, layer)?.attribution), online?.attribution, hasCoasts && t("map.coasts")];
  return [...new Set(words.filter((text) => typeof text === "string" && text !== ""))];
}

/**
 * @param {L.Map} map @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountAttribution(map, store) {
  const control = L.control.attribution({ prefix: false, position: "bottomright" }).addTo(map);
  /** @type {string[]} */
  let shown = [];
  return store.subscribe(["layers", "details", "basemap", "config"], (state) => {
    shown.forEach((text) => control.removeAttribution(text));
    // Leaflet inserts attributions as HTML: what a dataset or an operator says has to go in as text.
    shown = creditsOf(state).map((text) => escapeHtml(String(text)));
    shown.forEach((text) => control.addAttribution(text));
  });
}
