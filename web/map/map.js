/** The Leaflet map: its layers, its view, the marker of the chosen place. */
import { L } from "../vendor.js";
import { isGlobal, unwrap, wrap } from "../lib/select.js";
import { wrapLongitude } from "../lib/number.js";
import { mountBasemap } from "./basemap.js";
import { mountFrames } from "./frames.js";
import { escapeHtml, h } from "../lib/dom.js";

/** @typedef {import("../types.js").Store} Store */

const MAX_ZOOM = 18;
const GLOBAL_CENTRE = /** @type {[number, number]} */ ([18, 0]);
/** Room that the panels take, in pixels: left and bottom, where the window is wide enough for them. */
const PANELS = { left: 352, bottom: 120, widerThan: 760 };

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountMap(element, store) {
  const map = L.map(element, {
    zoomControl: false,
    attributionControl: false,
    keyboard: false,
    fadeAnimation: false,
    minZoom: 1,
    maxZoom: MAX_ZOOM,
    maxBounds: [[-86, -100000], [86, 100000]],
    maxBoundsViscosity: 1,
  });
  L.control.attribution({ prefix: false, position: "bottomright" }).addAttribution("Coasts: Natural Earth").addTo(map);
  const { view } = store.get();
  map.setView(view ? [view.lat, view.lon] : GLOBAL_CENTRE, view?.zoom ?? 2);
  const stops = [
    mountBasemap(map),
    mountFrames(map, store),
    keepView(map, store),
    fitDataset(map, store),
    mountMarker(map, store),
    attribute(map, store),
    mountControls(element, map, store),
  ];
  return () => {
    stops.forEach((stop) => stop());
    map.remove();
  };
}

/** The view is state as all else: moved by hand it is stored, and moved by a link it is followed. @param {L.Map} map @param {Store} store */
function keepView(map, store) {
  const read = () => {
    const { lat, lng } = map.getCenter();
    return { lat: Number(lat.toFixed(4)), lon: Number(lng.toFixed(4)), zoom: map.getZoom() };
  };
  const readBox = () => {
    const bounds = map.getBounds();
    return wrap([bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]);
  };
  store.set({ box: readBox() });
  map.on("moveend", () => store.set({ view: read(), box: readBox() }));
  return store.subscribe(["view"], ({ view }) => {
    const now = read();
    if (!view || (view.lat === now.lat && view.lon === now.lon && view.zoom === now.zoom)) return;
    map.setView([view.lat, view.lon], view.zoom, { animate: false });
  });
}

/** @param {L.Map} map @param {Store} store */
function fitDataset(map, store) {
  return store.subscribe(["detail", "view"], ({ detail, view }) => {
    if (detail && !view) fit(map, detail.bbox);
  });
}

/** @param {L.Map} map @param {import("../types.js").Box | null} bbox */
function fit(map, bbox) {
  map.invalidateSize({ pan: false });
  const { x: width } = map.getSize();
  const left = width > PANELS.widerThan ? PANELS.left : 0;
  if (!bbox || isGlobal(bbox)) {
    const zoom = Math.max(1, Math.round(Math.log2(width / 256)));
    const centre = map.project(GLOBAL_CENTRE, zoom).subtract([left / 2, 0]);
    map.setView(map.unproject(centre, zoom), zoom, { animate: false });
    return;
  }
  const [west, south, east, north] = unwrap(bbox);
  map.fitBounds([[south, west], [north, east]], {
    animate: false,
    paddingTopLeft: [left + 24, 24],
    paddingBottomRight: [24, PANELS.bottom],
  });
}

/** A click chooses a place; its ring stays where it was chosen. @param {L.Map} map @param {Store} store */
function mountMarker(map, store) {
  const shape = h("span", { className: "place-marker" });
  const marker = L.marker([0, 0], { icon: L.divIcon({ html: shape, className: "place", iconSize: [22, 22] }), interactive: false, keyboard: false });
  map.on("click", ({ latlng }) => {
    const lat = Math.max(-90, Math.min(90, latlng.lat));
    store.set({ point: { lon: Number(wrapLongitude(latlng.lng).toFixed(5)), lat: Number(lat.toFixed(5)) } });
    marker.setLatLng(latlng);
  });
  return store.subscribe(["point"], ({ point }) => {
    if (!point) return void marker.remove();
    const at = marker.getLatLng();
    const isHere = Math.abs(at.lat - point.lat) < 1e-4 && Math.abs(wrapLongitude(at.lng) - point.lon) < 1e-4;
    if (!isHere) marker.setLatLng([point.lat, point.lon]);
    marker.addTo(map);
  });
}

/** @param {L.Map} map @param {Store} store */
function attribute(map, store) {
  let shown = "";
  return store.subscribe(["detail"], ({ detail }) => {
    if (shown) map.attributionControl.removeAttribution(shown);
    // Leaflet inserts attributions as HTML: what a dataset says has to go in as text.
    shown = escapeHtml(detail?.attribution ?? "");
    if (shown) map.attributionControl.addAttribution(shown);
  });
}

/** What zoom and fit buttons, and keys, ask for: events, so that they need not know this map. @param {HTMLElement} element @param {L.Map} map @param {Store} store */
function mountControls(element, map, store) {
  const controller = new AbortController();
  /** @param {string} name @param {(detail: any) => void} act */
  const on = (name, act) =>
    element.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail), { signal: controller.signal });
  on("view:zoom", (/** @type {number} */ step) => map.zoomIn(step));
  on("view:pan", (/** @type {[number, number]} */ by) => map.panBy(by));
  on("view:fit", () => fit(map, store.get().detail?.bbox ?? null));
  const observer = new ResizeObserver(() => map.invalidateSize({ pan: false }));
  observer.observe(element);
  return () => {
    controller.abort();
    observer.disconnect();
  };
}
