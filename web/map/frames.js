/**
 * The data on the map, by whole frames: a new one loads out of sight and is swapped in when all of its
 * tiles are there, of all layers at once, so that nothing flickers and no tile is out of step with its
 * neighbours. Only where the view is moved, and nothing else, tiles show as they come.
 */
import { detailOf } from "../lib/select.js";
import { getPainter } from "../tile/painter.js";
import { tables } from "../tile/ramps.js";
import { reportSettled } from "../tile/settled.js";
import { Ahead } from "./ahead.js";
import { Failures } from "./failure.js";
import { makeFrame, recolour } from "./frame.js";
import { windowOf } from "./grid.js";
import { Stage } from "./stage.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./frame.js").Frame} Frame */

/** What makes another frame, or other colours of the one that is there; the view, as the first one is waited for. */
const CHANGES = /** @type {(keyof State)[]} */ (["layers", "details", "axes", "time", "ranges", "mode", "view"]);
const MOVING_MS = 120;

export class Frames {
  /** What is seen, and what is to be. @type {Frame | null} */
  shown = null;
  /** @type {Frame | null} */
  waiting = null;
  #isDrawn = false;
  #movedAt = 0;

  /** @param {import("../vendor.js").L.Map} map @param {Store} store @param {() => boolean} isGroundDrawn */
  constructor(map, store, isGroundDrawn) {
    this.map = map;
    this.store = store;
    this.isGroundDrawn = isGroundDrawn;
    this.failures = new Failures(store, () => this.refresh(true));
    this.ahead = new Ahead((ready) => store.set({ ready }));
    this.stage = new Stage(map, () => this.shown, () => this.#drawn());
    this.stops = this.#listen();
  }

  #listen() {
    const { map, store } = this;
    const refresh = () => this.refresh();
    const events = { moveend: refresh, move: () => this.#moving() };
    map.on(events);
    tables.addEventListener("change", refresh);
    return [
      () => map.off(events),
      () => tables.removeEventListener("change", refresh),
      store.subscribe(CHANGES, refresh),
      store.subscribe(["preload"], () => this.#prepare()),
      store.subscribe(["busy", "datasets"], () => this.report()),
    ];
  }

  /** Tiles come while the map is still being dragged. */
  #moving() {
    const now = performance.now();
    if (now - this.#movedAt < MOVING_MS || this.#isAnimating) return;
    this.#movedAt = now;
    this.refresh();
  }

  get #isAnimating() {
    return Boolean(/** @type {any} */ (this.map)._animatingZoom);
  }

  /** What the map shows. @returns {import("./frame.js").View} */
  get view() {
    const zoom = this.map.getZoom();
    const corner = this.map.getPixelBounds().min ?? this.map.getPixelOrigin();
    const isLarge = window.devicePixelRatio > 1.5;
    return { window: windowOf(corner, this.map.getSize(), zoom), zoom, isLarge, hasPainter: getPainter() !== null };
  }

  /** @param {boolean} [anew] load even what failed */
  refresh(anew = false) {
    const state = this.store.get();
    if (state.mode !== "map") return this.#rest();
    // Where no link tells the view, the first data are about to be fitted.
    const isFitting = !state.view && state.layers.some((layer) => detailOf(state, layer));
    if (this.#isAnimating || isFitting) return;
    for (const frame of [this.shown, this.waiting]) if (frame) recolour(frame, state);
    const wanted = makeFrame(state, this.view);
    const latest = this.waiting ?? this.shown;
    if (anew || latest?.signature !== wanted.signature) this.#want(this.ahead.take(wanted.signature, state) ?? wanted);
    this.#redraw();
    this.settle();
    this.#prepare();
  }

  #prepare() {
    const state = this.store.get();
    if (state.mode === "map") this.ahead.update(state, this.view);
  }

  /** @param {Frame} wanted */
  #want(wanted) {
    this.waiting?.stop();
    this.waiting = null;
    const { shown } = this;
    if (wanted.signature === shown?.signature && shown.isLoaded && !shown.failures.size) return;
    wanted.load(0, () => {
      if (wanted === this.shown) this.#redraw();
      this.settle();
    });
    if (wanted.content === shown?.content) this.#show(wanted);
    else this.waiting = wanted;
  }

  /** @param {Frame} frame */
  #show(frame) {
    this.shown?.stop();
    this.shown = frame;
    this.#redraw();
  }

  #redraw() {
    this.#isDrawn = false;
    this.stage.redraw();
  }

  /** Swap what is whole; tell what is not. */
  settle() {
    if (this.waiting?.isWhole) {
      const frame = this.waiting;
      this.waiting = null;
      this.#show(frame);
    }
    const isLoading = !(this.waiting ?? this.shown)?.isWhole;
    if (this.store.get().loading !== isLoading) this.store.set({ loading: isLoading });
    if (!isLoading && this.shown) this.failures.tell(this.shown);
    this.report();
  }

  #drawn() {
    this.#isDrawn = true;
    this.report();
    const isWhole = this.waiting === null && Boolean(this.shown?.isWhole);
    this.map.getContainer().dispatchEvent(new CustomEvent("map:drawn", { detail: { isWhole } }));
  }

  /** Whether all that the state asks for is drawn. */
  report() {
    const { mode, datasets, layers, details, busy } = this.store.get();
    if (mode !== "map") return reportSettled(this, null);
    const isKnown = datasets !== null && (busy === 0 || layers.every((layer) => detailOf({ details }, layer)));
    const isWhole = this.waiting === null && Boolean(this.shown?.isWhole);
    reportSettled(this, isKnown && isWhole && this.#isDrawn && this.isGroundDrawn());
  }

  /** Another view has the data now. */
  #rest() {
    this.waiting?.stop();
    this.waiting = null;
    this.ahead.stop();
    reportSettled(this, null);
  }

  free() {
    this.stops.forEach((stop) => stop());
    this.#rest();
    this.shown?.stop();
    this.stage.free();
  }
}
