/** What is under the pointer: its value on hover, a place at a click. */
import { Cartesian2, Math as Angle, ScreenSpaceEventType } from "./cesium.js";
import { h } from "../lib/dom.js";
import { detailOf, timeOf } from "../lib/select.js";
import { linesOf } from "../map/hover.js";
import { readingAt } from "../tile/reading.js";
import { mostLevel } from "./heights.js";
import { tileAt } from "./plate.js";
import { peekTile } from "./tiles.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("./cesium.js").CesiumWidget} Widget */
/** @typedef {{lon: number, lat: number}} Ground */

const BESIDE = 14; // pixels from the pointer to what is told of it

/** @param {Widget} widget @param {number} x @param {number} y pixels of the canvas @returns {Ground | null} null beside the globe */
function groundAt({ camera, scene }, x, y) {
  const at = new Cartesian2(x, y);
  const ray = camera.getPickRay(at);
  const point = (ray && scene.globe.pick(ray, scene)) ?? camera.pickEllipsoid(at);
  if (!point) return null;
  const { longitude, latitude } = scene.globe.ellipsoid.cartesianToCartographic(point);
  return { lon: Angle.toDegrees(longitude), lat: Angle.toDegrees(latitude) };
}

/** Of the finest tile that is here: no request is made. @param {State} state @param {Layer} layer @param {Ground} ground */
function readLayer(state, layer, { lon, lat }) {
  const detail = detailOf(state, layer);
  if (!detail) return null;
  const values = { state, layer, time: timeOf(state, layer) };
  for (let z = mostLevel(detail); z >= 0; z--) {
    const { u, v, ...tile } = tileAt(z, lon, lat);
    const data = peekTile(values, tile);
    if (data) return readingAt(state, layer, data, pixel(u, data.width), pixel(v, data.height));
  }
  return null;
}

/** @param {number} share @param {number} count */
function pixel(share, count) {
  return Math.min(count - 1, Math.floor(share * count));
}

/** @param {State} state @param {Ground} ground @returns {import("../types.js").Reading[]} the uppermost layer first */
function read(state, ground) {
  const shown = state.layers.filter(({ visible, opacity }) => visible && opacity > 0).reverse();
  return shown.flatMap((layer) => readLayer(state, layer, ground) ?? []);
}

/**
 * @param {HTMLElement} element @param {Widget} widget @param {Store} store
 * @param {(place: Ground) => void} choose
 * @returns {() => void} unmount
 */
export function mountPick(element, widget, store, choose) {
  const tip = h("div", { className: "readout globe-tip", hidden: true, "aria-hidden": "true" });
  element.append(tip);
  const { screenSpaceEventHandler: handler, canvas } = widget;
  let at = { x: 0, y: 0 };
  const hide = () => {
    tip.hidden = true;
    if (store.get().hover) store.set({ hover: null });
  };
  const tell = (/** @type {number} */ x, /** @type {number} */ y) => {
    at = { x, y };
    const ground = groundAt(widget, x, y);
    if (!ground) return hide();
    const readings = read(store.get(), ground);
    store.set({ hover: { ...ground, readings } });
    tip.replaceChildren(...linesOf(store.get(), { ...ground, readings }));
    tip.hidden = false;
    place(tip, x, y, canvas, element);
  };
  handler.setInputAction((/** @type {{endPosition: Cartesian2}} */ { endPosition }) => tell(endPosition.x, endPosition.y), ScreenSpaceEventType.MOUSE_MOVE);
  handler.setInputAction((/** @type {{position: Cartesian2}} */ { position: { x, y } }) => {
    const ground = groundAt(widget, x, y);
    if (ground) choose(ground);
  }, ScreenSpaceEventType.LEFT_CLICK);
  canvas.addEventListener("pointerleave", hide);
  const stops = [
    store.subscribe(["mode"], ({ mode }) => mode !== "globe" && hide()),
    // Another time or layer has come below the pointer.
    store.subscribe(["loading", "layers"], ({ loading }) => !loading && !tip.hidden && tell(at.x, at.y)),
  ];
  return () => {
    stops.forEach((stop) => stop());
    canvas.removeEventListener("pointerleave", hide);
    for (const type of [ScreenSpaceEventType.MOUSE_MOVE, ScreenSpaceEventType.LEFT_CLICK]) handler.removeInputAction(type);
    tip.remove();
  };
}

/** Beside the pointer, where there is room. @param {HTMLElement} tip @param {number} x @param {number} y of the canvas @param {HTMLElement} canvas @param {HTMLElement} element */
function place(tip, x, y, canvas, element) {
  const [inner, outer] = [canvas.getBoundingClientRect(), element.getBoundingClientRect()];
  const beside = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ room) =>
    Math.round(at + BESIDE + length > room ? at - BESIDE - length : at + BESIDE);
  const left = beside(x + inner.left - outer.left, tip.offsetWidth, outer.width);
  const top = beside(y + inner.top - outer.top, tip.offsetHeight, outer.height);
  tip.style.transform = `translate(${left}px, ${top}px)`;
}
