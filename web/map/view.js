/** The view of the map as state, and what moves it: links, buttons, keys, the extent of the data. */
import { wrapLongitude } from "../lib/number.js";
import { activeOf, detailOf, isGlobal, unwrap, wrap } from "../lib/select.js";
import { coveredSides } from "../shell/room.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../vendor.js").L.Map} LeafletMap */

export const GLOBAL_CENTRE = /** @type {[number, number]} */ ([18, 0]);
const MARGIN = 24;
/** The world may be somewhat larger than the room for it, and not half as large. */
const ROUNDED_UP = 0.3; // zooms

/** The view is state as all else: moved by hand it is stored, and moved by a link it is followed. @param {LeafletMap} map @param {Store} store */
export function keepView(map, store) {
  const read = () => {
    const { lat, lng } = map.getCenter();
    return { lat: Number(lat.toFixed(4)), lon: Number(wrapLongitude(lng).toFixed(4)), zoom: Number(map.getZoom().toFixed(2)) };
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
    // Of all worlds the one that is shown.
    const turn = Math.round((map.getCenter().lng - view.lon) / 360) * 360;
    setView(map, [view.lat, view.lon + turn], view.zoom);
  });
}

/** At once, and between whole zooms too: by hand the map comes to rest at whole ones. @param {LeafletMap} map @param {[number, number]} centre @param {number} zoom */
export function setView(map, centre, zoom) {
  const { zoomSnap } = map.options;
  map.options.zoomSnap = 0;
  map.setView(centre, zoom, { animate: false });
  map.options.zoomSnap = zoomSnap;
}

/** Show the first data where no link says what to show; a frame later, as the panels have to lie where they will. @param {LeafletMap} map @param {Store} store */
export function fitFirst(map, store) {
  let request = 0;
  const stop = store.subscribe(["details", "layers", "active", "view"], (state) => {
    if (state.view || request || !detailOf(state, activeOf(state))) return;
    request = requestAnimationFrame(() => {
      request = 0;
      const now = store.get();
      const detail = detailOf(now, activeOf(now));
      if (detail && !now.view) fit(map, detail.bbox);
    });
  });
  return () => {
    cancelAnimationFrame(request);
    stop();
  };
}

/** @param {LeafletMap} map @param {import("../types.js").Box | null} bbox */
export function fit(map, bbox) {
  map.invalidateSize({ pan: false });
  const { left, top, right, bottom } = coveredSides();
  if (!bbox || isGlobal(bbox)) {
    const { x: width, y: height } = map.getSize();
    const free = Math.max(256, width - left - right, height - top - bottom);
    const zoom = Math.max(1, Math.round(Math.log2(free / 256) + ROUNDED_UP));
    const centre = map.project(GLOBAL_CENTRE, zoom).subtract([(left - right) / 2, (top - bottom) / 2]);
    map.setView(map.unproject(centre, zoom), zoom, { animate: false });
    return;
  }
  const [west, south, east, north] = unwrap(bbox);
  map.fitBounds([[south, west], [north, east]], {
    animate: false,
    paddingTopLeft: [left + MARGIN, MARGIN],
    paddingBottomRight: [right + MARGIN, bottom + MARGIN],
  });
}

/** What zoom and fit buttons, and keys, ask for: events, so that they need not know this map. @param {HTMLElement} element @param {LeafletMap} map @param {Store} store */
export function mountControls(element, map, store) {
  const controller = new AbortController();
  /** @param {string} name @param {(detail: any) => void} act */
  const on = (name, act) =>
    element.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail), { signal: controller.signal });
  on("view:zoom", (/** @type {number} */ step) => map.setZoom(Math.round(map.getZoom()) + step));
  on("view:pan", (/** @type {[number, number]} */ by) => map.panBy(by));
  on("view:fit", (/** @type {import("../types.js").Box | null} */ box) => fit(map, box ?? detailOf(store.get(), activeOf(store.get()))?.bbox ?? null));
  const observer = new ResizeObserver(() => map.invalidateSize({ pan: false }));
  observer.observe(element);
  return () => {
    controller.abort();
    observer.disconnect();
  };
}
