/**
 * The data on the map, by whole frames: a new one loads out of sight and is swapped in when all of
 * its tiles are there, so that nothing flickers and no tile is out of step with its neighbours.
 */
import { L } from "../vendor.js";
import { explain, isAbort } from "../api.js";
import { tileTemplate } from "../lib/address.js";
import { isGlobal, timeOf, unwrap, variableOf } from "../lib/select.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {{url: string, time: string | null, layer: L.TileLayer, loaded: boolean}} Frame */

const CHANGES = /** @type {(keyof State)[]} */ ([
  "detail", "variable", "time", "times", "dims", "colormap", "rescale", "scale", "nextTime",
]);

/**
 * @param {L.Map} map @param {Store} store
 * @returns {() => void} unmount
 */
export function mountFrames(map, store) {
  /** @type {{shown: Frame | null, waiting: Frame | null, ahead: Frame | null}} */
  const slots = { shown: null, waiting: null, ahead: null };
  const failures = new Failures(store, () => refresh(true));

  /** @param {State} state @param {string | null} time @returns {Frame | null} */
  const makeFrame = (state, time) => {
    const variable = variableOf(state);
    if (!state.detail || !variable) return null;
    const url = tileTemplate(state, state.detail, variable, time);
    const known = Object.values(slots).find((frame) => frame?.url === url);
    return known ?? startFrame(map, state, url, time, settle, failures);
  };

  /** Swap what has loaded, and drop what is no longer wanted. */
  function settle() {
    const { shown, waiting } = slots;
    if (waiting?.loaded) {
      waiting.layer.setOpacity(store.get().opacity);
      Object.assign(slots, { shown: waiting, waiting: null });
      if (shown && shown !== waiting && shown !== slots.ahead) shown.layer.remove();
    }
    if (slots.ahead?.loaded) store.set({ readyTime: slots.ahead.time });
    setLoading(store, Boolean(slots.waiting));
  }

  /** @param {boolean} [anew] load even what failed */
  function refresh(anew = false) {
    const state = store.get();
    if (anew) drop(slots);
    const before = Object.values(slots);
    const wanted = makeFrame(state, timeOf(state));
    const isShown = wanted !== null && wanted === slots.shown;
    slots.waiting = isShown ? null : wanted;
    slots.ahead = state.nextTime === null || !wanted ? null : makeFrame(state, state.nextTime);
    if (!wanted) slots.shown = null;
    const kept = Object.values(slots);
    before.forEach((frame) => frame && !kept.includes(frame) && frame.layer.remove());
    settle();
  }

  const stops = [
    store.subscribe(CHANGES, () => refresh()),
    store.subscribe(["opacity"], ({ opacity }) => slots.shown?.layer.setOpacity(opacity)),
  ];
  return () => {
    stops.forEach((stop) => stop());
    drop(slots);
  };
}

/** @param {Record<string, Frame | null>} slots */
function drop(slots) {
  Object.values(slots).forEach((frame) => frame?.layer.remove());
  Object.keys(slots).forEach((key) => (slots[key] = null));
}

/**
 * @param {L.Map} map @param {State} state @param {string} url @param {string | null} time
 * @param {() => void} settle @param {Failures} failures
 * @returns {Frame}
 */
function startFrame(map, state, url, time, settle, failures) {
  const bbox = state.detail?.bbox;
  const [west, south, east, north] = bbox ? unwrap(bbox) : [-180, -90, 180, 90];
  const isWhole = !bbox || isGlobal(bbox) || east > 180;
  const options = {
    pane: "data",
    opacity: 0,
    r: window.devicePixelRatio > 1.5 ? "@2x" : "",
    maxZoom: map.getMaxZoom(),
    updateWhenZooming: false,
    keepBuffer: 1,
    // A dataset across 180° has no single box in Leaflet's sense; one round the world needs none.
    ...(isWhole ? {} : { bounds: L.latLngBounds([south, west], [north, east]) }),
  };
  const layer = L.tileLayer(new URL(".", document.baseURI).href + url, options);
  const frame = { url, time, layer, loaded: false };
  const done = () => {
    if (frame.loaded) return;
    frame.loaded = true;
    failures.frameLoaded();
    settle();
  };
  layer.on("load", done);
  layer.on("tileerror", ({ tile }) => failures.tell(/** @type {HTMLImageElement} */ (tile).src));
  layer.addTo(map);
  // No tile in view: Leaflet never says that it has loaded.
  if (!layer.isLoading()) setTimeout(done);
  return frame;
}

/** @param {Store} store @param {boolean} isLoading */
function setLoading(store, isLoading) {
  if (store.get().loading !== isLoading) store.set({ loading: isLoading });
}

/** What an image cannot say: why it failed. Asks once per frame, and tells. */
class Failures {
  #controller = new AbortController();
  #asked = false;

  /** @param {Store} store @param {() => void} retry */
  constructor(store, retry) {
    this.store = store;
    this.retry = retry;
  }

  frameLoaded() {
    if (!this.#asked && this.store.get().problem?.source === "tiles") this.store.set({ problem: null });
    this.#asked = false;
  }

  /** @param {string} address of the tile */
  async tell(address) {
    if (this.#asked) return;
    this.#asked = true;
    this.#controller.abort();
    this.#controller = new AbortController();
    try {
      const response = await fetch(address, { signal: this.#controller.signal });
      if (response.ok) return;
      this.#report(await explain(response));
    } catch (error) {
      if (!isAbort(error)) this.#report("The server does not answer. Check the connection and try again.");
    }
  }

  /** @param {string} message */
  #report(message) {
    this.store.set({ playing: false, problem: { message, source: "tiles", retry: this.retry } });
  }
}
