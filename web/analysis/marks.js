/** The places on the map: points as rings, areas as outlines; a click chooses a point. */
import { L } from "../vendor.js";
import { h } from "../lib/dom.js";
import { greatCircle } from "../lib/greatcircle.js";
import { choosePoint } from "../lib/places.js";
import { mapReady } from "../map/map.js";
import { isDrawing } from "./draw.js";
import { areaOf, isPoint, middleOf } from "./shape.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Place} Place */

/**
 * @param {HTMLElement} element of the map @param {Store} store
 * @returns {() => void} unmount
 */
export function mountMarks(element, store) {
  const controller = new AbortController();
  /** @type {(() => void)[]} */
  const stops = [() => controller.abort()];
  mapReady(element, controller.signal).then((map) => {
    if (!controller.signal.aborted) stops.push(showOn(map, store, controller.signal));
  });
  return () => stops.forEach((stop) => stop());
}

/** @param {L.Map} map @param {Store} store @param {AbortSignal} signal */
function showOn(map, store, signal) {
  const marks = L.layerGroup().addTo(map);
  const show = () => {
    const { places, place: chosen } = store.get();
    marks.clearLayers();
    for (const place of places) markOf(map, place, place.id === chosen, () => store.set({ place: place.id })).addTo(marks);
  };
  let world = 0;
  const events = {
    click: (/** @type {L.LeafletMouseEvent} */ { latlng }) => !isDrawing() && store.set(choosePoint(store.get(), latlng.lng, latlng.lat)),
    moveend: () => {
      const now = Math.round(map.getCenter().lng / 360);
      if (now !== world) show();
      world = now;
    },
  };
  map.on(/** @type {any} */ (events));
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== map.getContainer() || isDrawing()) return;
    // Under the cross, which need not be the middle of what panels leave free.
    event.preventDefault();
    const { lat, lng } = map.getCenter();
    store.set(choosePoint(store.get(), lng, lat));
  }, { signal });
  const stop = store.subscribe(["places", "place"], show);
  return () => {
    stop();
    map.off(/** @type {any} */ (events));
    marks.remove();
  };
}

/** @param {L.Map} map @param {Place} place @param {boolean} isChosen @param {() => void} choose @returns {L.Layer} */
function markOf(map, place, isChosen, choose) {
  const [lon, lat] = middleOf(place);
  const turn = Math.round((map.getCenter().lng - lon) / 360) * 360;
  if (isPoint(place)) {
    const shape = h("span", { className: isChosen ? "place-marker is-chosen" : "place-marker" });
    shape.style.setProperty("--place", place.color);
    const icon = L.divIcon({ html: shape, className: "place", iconSize: [22, 22] });
    const mark = L.marker([lat, lon + turn], { icon, keyboard: false, bubblingMouseEvents: false, title: place.name });
    return mark.on("click", choose);
  }
  const geometry = areaOf(place) ?? curved(place.geometry);
  const options = { color: place.color, weight: isChosen ? 3 : 2, fillOpacity: isChosen ? 0.16 : 0.08, className: "place-area", bubblingMouseEvents: false };
  return L.geoJSON(/** @type {any} */ (geometry), {
    style: options,
    coordsToLatLng: ([x, y]) => L.latLng(y, x + turn),
    interactive: true,
    ...options,
  }).on("click", choose);
}

/** A line as values are read along it. @param {import("../types.js").Geometry} geometry @returns {import("../types.js").Geometry} */
function curved(geometry) {
  if (geometry.type !== "LineString") return geometry;
  return { ...geometry, coordinates: greatCircle(/** @type {[number, number][]} */ (geometry.coordinates)) };
}
