/** The canvas of the data as a layer of Leaflet: it lies over the map and a little beyond, and moves with it. */
import { L } from "../vendor.js";
import { placesOf, windowOf } from "./grid.js";
import { screenOf } from "./screen.js";

/**
 * @typedef {import("./grid.js").Window} Window
 * @typedef {import("./screen.js").Item} Item
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{origin: L.Point, size: L.Point, zoom: number}} Placed world's pixels of the corner at a zoom
 */

/** Of the map's size, on each side: so far it is moved before it is drawn again. */
const BEYOND = 0.12;
const MOST_RATIO = 2;

/**
 * What a frame puts where.
 * @param {Frame} frame @param {Window} window @param {number} world pixels across
 * @returns {Item[]} the lowest first
 */
export function itemsOf(frame, window, world) {
  return frame.sheets.flatMap(({ layer, tiles, ramps }) => [...tiles.values()].flatMap((tile) => {
    const { data, request } = tile;
    if (!data || !ramps) return [];
    return placesOf(tile, window, world).map((place) => ({ name: request.address, data, ramps, place, opacity: layer.opacity }));
  }));
}

export class Stage {
  /** @type {Placed | null} */
  #placed = null;
  #request = 0;

  /** @param {L.Map} map @param {() => Frame | null} shown @param {() => void} drawn is told after every drawing */
  constructor(map, shown, drawn) {
    this.map = map;
    this.shown = shown;
    this.drawn = drawn;
    this.canvas = L.DomUtil.create("canvas", "data-canvas leaflet-zoom-animated", map.getPane("data"));
    this.screen = screenOf(this.canvas, () => this.redraw());
    this.events = {
      move: () => this.#isUncovered() && this.#draw(),
      moveend: () => this.#draw(),
      zoom: () => this.#follow(map.getCenter(), map.getZoom()),
      zoomanim: (/** @type {L.ZoomAnimEvent} */ event) => this.#follow(event.center, event.zoom),
    };
    map.on(/** @type {any} */ (this.events));
    this.redraw();
  }

  /** In the next frame of the browser's. */
  redraw() {
    this.#request ||= requestAnimationFrame(() => this.#draw());
  }

  get #isAnimating() {
    return Boolean(/** @type {any} */ (this.map)._animatingZoom);
  }

  #draw() {
    cancelAnimationFrame(this.#request);
    this.#request = 0;
    if (!this.#isAnimating || !this.#placed) this.#place();
    const { origin, size, zoom } = /** @type {Placed} */ (this.#placed);
    const ratio = Math.min(MOST_RATIO, window.devicePixelRatio || 1);
    const frame = this.shown();
    const items = frame ? itemsOf(frame, windowOf(origin, size, zoom), 256 * 2 ** zoom * ratio) : [];
    this.screen.draw(Math.round(size.x * ratio), Math.round(size.y * ratio), items);
    this.drawn();
  }

  /** Lay the canvas over what the map shows now. */
  #place() {
    const { map, canvas } = this;
    const around = map.getSize().multiplyBy(BEYOND).ceil();
    const size = map.getSize().add(around.multiplyBy(2));
    const corner = map.containerPointToLayerPoint(around.multiplyBy(-1)).round();
    const zoom = map.getZoom();
    this.#placed = { origin: map.getPixelOrigin().add(corner), size, zoom };
    L.DomUtil.setTransform(canvas, corner, 1);
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
  }

  /** As the canvas is, but where another view has it. @param {L.LatLng} center @param {number} zoom */
  #follow(center, zoom) {
    if (!this.#placed) return;
    const { origin, zoom: from } = this.#placed;
    const scale = this.map.getZoomScale(zoom, from);
    const corner = /** @type {any} */ (this.map)._getNewPixelOrigin(center, zoom);
    L.DomUtil.setTransform(this.canvas, origin.multiplyBy(scale).subtract(corner).round(), scale);
  }

  #isUncovered() {
    const { map } = this;
    if (!this.#placed || this.#placed.zoom !== map.getZoom()) return false;
    const { origin, size } = this.#placed;
    const corner = map.getPixelBounds().min;
    if (!corner) return false;
    const [left, top] = [corner.x - origin.x, corner.y - origin.y];
    const { x, y } = map.getSize();
    return left < 0 || top < 0 || left + x > size.x || top + y > size.y;
  }

  free() {
    cancelAnimationFrame(this.#request);
    this.map.off(/** @type {any} */ (this.events));
    this.screen.free();
    this.canvas.remove();
  }
}
