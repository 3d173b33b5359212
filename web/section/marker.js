/** The point of the line that the chart's pointer is on, shown on the map. */
import { mapReady } from "../map/map.js";
import { L } from "../vendor.js";

/** @returns {{show: (lon: number, lat: number) => void, hide: () => void, stop: () => void}} */
export function createMarker() {
  const controller = new AbortController();
  const mark = L.circleMarker([0, 0], { radius: 7, weight: 3, color: "#fff", fillColor: "#10202c", fillOpacity: 1, interactive: false, className: "section-marker" });
  /** @type {L.Map | null} */
  let map = null;
  mapReady(/** @type {HTMLElement} */ (document.getElementById("map")), controller.signal).then((found) => (map = found));
  return {
    show(lon, lat) {
      if (!map) return;
      mark.setLatLng([lat, lon + Math.round((map.getCenter().lng - lon) / 360) * 360]).addTo(map);
    },
    hide: () => void mark.remove(),
    stop() {
      controller.abort();
      mark.remove();
    },
  };
}
