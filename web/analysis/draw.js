/** Drawing on the map, by mouse, finger or keys: a click sets a corner, Escape gives up. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { mapOf } from "../map/map.js";
import { ENOUGH, Sketch } from "./sketch.js";
import { circle } from "./shape.js";

/** @typedef {import("./sketch.js").Kind} Kind */
/** @typedef {import("./sketch.js").Drawn} Drawn */
/** @typedef {import("./sketch.js").LonLat} LonLat */
/** @typedef {import("../vendor.js").L.LeafletMouseEvent} MouseEvent */

const NEAR = 12; // pixels: a click there is on the corner
const DRAGGED = 6; // pixels: less is a click

/** @type {(() => void) | null} */
let giveUp = null;

/** Whether clicks on the map are corners, and choose no place. */
export function isDrawing() {
  return giveUp !== null;
}

/**
 * A shape that is drawn on the map; null where it was given up. Drawing something else gives it up too.
 * @param {Kind} kind
 * @returns {Promise<import("../types.js").Geometry | null>} of a circle the polygon
 */
export async function draw(kind) {
  const drawn = await drawPlace(kind);
  if (!drawn?.radius_m || drawn.geometry.type !== "Point") return drawn?.geometry ?? null;
  return circle(/** @type {LonLat} */ (drawn.geometry.coordinates), drawn.radius_m);
}

/** As `draw`, but a circle is its centre and radius. @param {Kind} kind @returns {Promise<Drawn | null>} */
export function drawPlace(kind) {
  giveUp?.();
  const element = /** @type {HTMLElement} */ (document.getElementById("map"));
  return new Promise((resolve) => {
    const end = (/** @type {Drawn | null} */ drawn) => {
      stop();
      resolve(drawn);
      // The click that ends it is not to choose a place as well.
      setTimeout(() => {
        if (giveUp === cancel) giveUp = null;
      });
    };
    const stop = begin(element, kind, end);
    const cancel = () => end(null);
    giveUp = cancel;
  });
}

/** @param {HTMLElement} element @param {Kind} kind @param {(drawn: Drawn | null) => void} finish @returns {() => void} stop */
function begin(element, kind, finish) {
  const map = mapOf(element);
  const sketch = new Sketch(map, kind);
  const hint = h("p", { className: "card draw-hint", role: "status" }, t(`analysis.hint.${kind}`));
  element.append(hint);
  element.classList.add("is-drawing");
  map.doubleClickZoom.disable();
  const isDragged = kind === "rectangle" || kind === "circle";
  if (isDragged) map.dragging.disable();

  const end = () => sketch.isEnough && finish(sketch.drawn);
  /** @param {LonLat} corner */
  const set = (corner) => {
    const isLast = sketch.corners.some((other, i) => (i === 0 || i === sketch.corners.length - 1) && isNear(map, other, corner));
    if (isLast && !ENOUGH[kind]) return void end();
    if (isLast) return;
    sketch.add(corner);
    if (sketch.corners.length === ENOUGH[kind]) end();
  };
  const events = {
    click: (/** @type {MouseEvent} */ { latlng }) => {
      sketch.isByKeys = false;
      set([latlng.lng, latlng.lat]);
    },
    mousemove: (/** @type {MouseEvent} */ { latlng }) => sketch.show([latlng.lng, latlng.lat]),
    ...(isDragged ? dragging(map, sketch, set) : {}),
  };
  map.on(/** @type {any} */ (events));
  const controller = new AbortController();
  document.addEventListener("keydown", (event) => onKey(event, { map, sketch, set, end, finish }), { signal: controller.signal, capture: true });
  return () => {
    controller.abort();
    map.off(/** @type {any} */ (events));
    map.doubleClickZoom.enable();
    map.dragging.enable();
    element.classList.remove("is-drawing");
    hint.remove();
    sketch.remove();
  };
}

/** From corner to corner with the button held, too. @param {import("../vendor.js").L.Map} map @param {Sketch} sketch @param {(corner: LonLat) => void} set */
function dragging(map, sketch, set) {
  return {
    mousedown: (/** @type {MouseEvent} */ { latlng }) => !sketch.corners.length && sketch.add([latlng.lng, latlng.lat]),
    mouseup: (/** @type {MouseEvent} */ { latlng, containerPoint }) => {
      const [first] = sketch.corners;
      const from = first && map.latLngToContainerPoint([first[1], first[0]]);
      if (from && from.distanceTo(containerPoint) > DRAGGED) set([latlng.lng, latlng.lat]);
    },
  };
}

/** @param {import("../vendor.js").L.Map} map @param {LonLat} one @param {LonLat} other */
function isNear(map, [lon, lat], [otherLon, otherLat]) {
  return map.latLngToContainerPoint([lat, lon]).distanceTo(map.latLngToContainerPoint([otherLat, otherLon])) < NEAR;
}

/**
 * Enter ends what is drawn by the pointer; without one it sets a corner at the map's centre, and ends the
 * shape where the last one is.
 * @param {KeyboardEvent} event
 * @param {{map: import("../vendor.js").L.Map, sketch: Sketch, set: (corner: LonLat) => void, end: () => void, finish: (drawn: null) => void}} drawing
 */
function onKey(event, { map, sketch, set, end, finish }) {
  const isByKeys = document.activeElement === map.getContainer() && (sketch.isByKeys || !sketch.corners.length);
  const { lat, lng } = map.getCenter();
  /** @type {Record<string, () => void>} */
  const actions = {
    Escape: () => finish(null),
    Backspace: () => sketch.undo(),
    Enter: () => (isByKeys ? set([lng, lat]) : end()),
  };
  const action = actions[event.key];
  if (!action || (/** @type {Element} */ (event.target)).closest?.("input, textarea, dialog")) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}
