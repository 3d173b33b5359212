/** Names of countries above the data. */
import { L } from "../vendor.js";
import { h } from "../lib/dom.js";
import { loadCell } from "./ground.js";

/** Countries' names within the view, from the zoom at which each has room. @param {L.Map} map @param {L.LayerGroup} names */
export async function placeNames(map, names) {
  const world = await loadCell("world").catch(() => null);
  names.clearLayers();
  const [zoom, view] = [map.getZoom(), map.getBounds().pad(0.1)];
  const turn = Math.round(map.getCenter().lng / 360) * 360;
  for (const [x, y, from, name] of world?.labels ?? []) {
    if (zoom < Math.max(3, from) || zoom > from + 4) continue;
    const { lat, lng } = map.unproject([x * 2 ** zoom * 256, y * 2 ** zoom * 256], zoom);
    if (!view.contains([lat, lng + turn])) continue;
    const html = h("span", {}, name);
    const icon = L.divIcon({ html, className: "country", iconSize: [0, 0] });
    L.marker([lat, lng + turn], { icon, pane: "names", interactive: false, keyboard: false }).addTo(names);
  }
}
