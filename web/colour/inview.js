/** The values of the active layer that the map shows, counted anew when it has come to rest. */
import { activeOf } from "../lib/select.js";
import { visibleParts } from "../map/map.js";
import { sampleValues } from "./histogram.js";

const QUIET_MS = 250; // after the map was drawn

/**
 * @param {import("../types.js").Store} store @param {() => void} changed
 * @returns {{values: () => Float32Array, measure: () => void, stop: () => void}}
 */
export function followView(store, changed) {
  let timer = 0;
  let values = /** @type {Float32Array} */ (new Float32Array());
  const measure = () => {
    clearTimeout(timer);
    const layer = activeOf(store.get());
    values = layer ? sampleValues(visibleParts(store, layer)) : new Float32Array();
    changed();
  };
  const later = () => {
    clearTimeout(timer);
    // Frames that are played change too fast to be counted.
    if (!store.get().playing) timer = window.setTimeout(measure, QUIET_MS);
  };
  const map = document.getElementById("map");
  map?.addEventListener("map:drawn", later);
  const unsubscribe = store.subscribe(["active", "playing"], later);
  return {
    values: () => values,
    measure,
    stop() {
      clearTimeout(timer);
      unsubscribe();
      map?.removeEventListener("map:drawn", later);
    },
  };
}
