/** Names of countries above the data. */
import { L } from "../vendor.js";
import { h } from "../lib/dom.js";
import { loadCell } from "./ground.js";

const LETTER = 7.2; // pixels
const HEIGHT = 17;
/** Names are shown over so many zooms, from the one at which a country has room for its own. */
const ZOOMS = 4;
const FIRST = 3;

/** Countries' names within the view; where two would overlap that of the larger one. @param {L.Map} map @param {L.LayerGroup} names */
export async function placeNames(map, names) {
  const world = await loadCell("world").catch(() => null);
  names.clearLayers();
  const [zoom, view] = [map.getZoom(), map.getBounds().pad(0.1)];
  const turn = Math.round(map.getCenter().lng / 360) * 360;
  /** @type {{x: number, y: number, half: number}[]} */
  const placed = [];
  for (const [column, row, from, name] of (world?.labels ?? []).toSorted((a, b) => a[2] - b[2])) {
    if (zoom < Math.max(FIRST, from) || zoom > from + ZOOMS) continue;
    const { lat, lng } = map.unproject([column * 2 ** zoom * 256, row * 2 ** zoom * 256], zoom);
    if (!view.contains([lat, lng + turn])) continue;
    const label = { ...map.latLngToContainerPoint([lat, lng + turn]), half: (name.length * LETTER) / 2 };
    if (placed.some((other) => Math.abs(other.y - label.y) < HEIGHT && Math.abs(other.x - label.x) < other.half + label.half)) continue;
    placed.push({ x: label.x, y: label.y, half: label.half });
    const icon = L.divIcon({ html: h("span", {}, name), className: "country", iconSize: [0, 0] });
    L.marker([lat, lng + turn], { icon, pane: "names", interactive: false, keyboard: false }).addTo(names);
  }
}
