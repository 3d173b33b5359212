/**
 * What the pixel under the pointer says, of every visible layer, from the tiles that are shown: no request.
 * With the keyboard the place is the map's centre, under a cross.
 */
import { tileAt } from "./grid.js";
import { formatPlace, wrapLongitude } from "../lib/number.js";
import { layerOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { h } from "../lib/dom.js";
import { readingAt } from "../tile/reading.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Hover} Hover */
/** @typedef {import("./frames.js").Frames} Frames */
/** @typedef {import("../vendor.js").L.Point} Point */

const SPEAK_AFTER_MS = 400;
const AWAY = 18; // pixels from the pointer

/**
 * @param {import("./frame.js").Frame | null} frame @param {State} state @param {number} lon @param {number} lat
 * @returns {Hover["readings"]} the topmost layer first
 */
export function readingsAt(frame, state, lon, lat) {
  return (frame?.sheets ?? []).toReversed().flatMap(({ layer, z, tiles }) => {
    const { name, across, down } = tileAt(z, lon, lat);
    const data = tiles.get(name)?.data;
    const now = layerOf(state, layer.id);
    if (!data || !now) return [];
    const [col, row] = [Math.floor(across * data.width), Math.floor(down * data.height)];
    return readingAt(state, now, data, col, row) ?? [];
  });
}

/**
 * @param {HTMLElement} element @param {import("../vendor.js").L.Map} map @param {Store} store @param {Frames} frames
 * @returns {() => void} unmount
 */
export function mountHover(element, map, store, frames) {
  /** @type {Point | null} */
  let at = null;
  let isByKeys = false;
  let request = 0;
  let timer = 0;
  const card = h("div", { className: "readout", hidden: true, "aria-hidden": "true" });
  const cross = h("div", { className: "map-cross", hidden: true, "aria-hidden": "true" });
  const voice = h("div", { className: "readout-voice", "aria-live": "polite" });
  element.append(card, cross, voice);

  const show = () => {
    request = 0;
    const point = isByKeys ? map.getSize().divideBy(2) : at;
    const hover = point && hoverAt(map, store.get(), frames, point);
    store.set({ hover });
    card.hidden = !hover?.readings.length;
    if (!hover || !point || card.hidden) return;
    card.replaceChildren(...linesOf(store.get(), hover));
    place(card, point, map.getSize());
    clearTimeout(timer);
    if (isByKeys) timer = window.setTimeout(() => (voice.textContent = card.innerText), SPEAK_AFTER_MS);
  };
  const soon = () => (request ||= requestAnimationFrame(show));
  const again = () => (at || isByKeys) && soon();
  const events = {
    mousemove: (/** @type {import("../vendor.js").L.LeafletMouseEvent} */ event) => {
      // A finger points at nothing until it presses.
      at = event.originalEvent.type.startsWith("touch") ? null : event.containerPoint;
      soon();
    },
    mouseout: () => {
      at = null;
      soon();
    },
    move: again,
  };
  const focus = () => {
    isByKeys = element.matches(":focus-visible");
    cross.hidden = !isByKeys;
    soon();
  };
  map.on(/** @type {any} */ (events));
  const controller = new AbortController();
  for (const name of ["focus", "blur"]) element.addEventListener(name, focus, { signal: controller.signal });
  element.addEventListener("map:drawn", again, { signal: controller.signal });
  return () => {
    controller.abort();
    map.off(/** @type {any} */ (events));
    cancelAnimationFrame(request);
    clearTimeout(timer);
    for (const part of [card, cross, voice]) part.remove();
  };
}

/** @param {import("../vendor.js").L.Map} map @param {State} state @param {Frames} frames @param {Point} point @returns {Hover} */
function hoverAt(map, state, frames, point) {
  const { lat, lng } = map.containerPointToLatLng(point);
  const lon = wrapLongitude(lng);
  return { lon, lat, readings: state.mode === "map" ? readingsAt(frames.shown, state, lon, lat) : [] };
}

/** @param {State} state @param {Hover} hover */
export function linesOf(state, { lon, lat, readings }) {
  const isOne = readings.length === 1;
  return [
    ...readings.map(({ layer, value, text }) => h("p", { className: isOne ? "readout-line is-only" : "readout-line" },
      !isOne && h("span", { className: "readout-name" }, variableOf(state, layerOf(state, layer))?.title ?? ""),
      h("strong", {}, value === null ? t("map.noData") : text))),
    h("p", { className: "readout-place" }, formatPlace(lat, lon)),
  ];
}

/** Beside the pointer, on the side that has room. @param {HTMLElement} card @param {Point} point @param {Point} size */
function place(card, { x, y }, size) {
  const [width, height] = [card.offsetWidth, card.offsetHeight];
  const left = x + AWAY + width > size.x ? x - AWAY - width : x + AWAY;
  const top = y + AWAY + height > size.y ? y - AWAY - height : y + AWAY;
  card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
