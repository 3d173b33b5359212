/** What the cube shows: the block that the state asks for, loaded, cut and told of. */
import { ApiError, isAbort } from "../api.js";
import { h } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { extentOf } from "../analysis/shape.js";
import { activeOf, axisOf, detailOf, timeDimension, timeOf, timesInRange, variableOf, wrap } from "../lib/select.js";
import { t } from "../lib/text.js";
import { nearestIndex } from "../lib/time.js";
import { rampsOf } from "../tile/ramps.js";
import { reportSettled } from "../tile/settled.js";
import { areaOf } from "./area.js";
import { cellsLeft, clip, cutAtStep, widthOf } from "./block.js";
import { createControls } from "./control.js";
import { blockAddress, loadBlock } from "./load.js";
import { linesOf, roomOf, sizeIn } from "./room.js";
import { Scene } from "./scene.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Cut} Cut */

const DRAW_EVERY_MS = 120;
const ZOOM_STEP = 1.25;
const MOST_ZOOM = 4;
const WHOLE = /** @type {Cut} */ ([1, 0, 1]);

export class Cube {
  /** @type {Block | null} */
  #block = null;
  #address = "";
  #loading = new AbortController();
  #isLoading = false;
  zoom = 1;

  /** @param {HTMLElement} element @param {Store} store */
  constructor(element, store) {
    this.element = element;
    this.store = store;
    this.message = h("p", { className: "card cube-message", role: "status", hidden: true });
    this.tip = h("div", { className: "readout", hidden: true, "aria-hidden": "true" });
    this.space = h("div", { className: "cube-space" });
    this.card = h("div", { className: "card cube-controls" });
    this.scene = new Scene(this.space, t("cube.label"), { oncut: (cut) => this.cut(cut), onpoint: (...what) => this.#point(...what) });
    this.controls = createControls(this.card, { oncut: (cut) => this.cut(cut), onarea: (area) => this.#choose(area) });
    this.cancel = h("button", { type: "button", className: "button", onclick: () => this.#stop() }, t("cube.cancel"));
    element.append(this.space, this.card, this.message, this.tip);
  }

  get #layer() {
    const state = this.store.get();
    const layer = activeOf(state);
    return { layer, variable: variableOf(state, layer), detail: detailOf(state, layer) };
  }

  /** What is shown is what the state says: else it is loaded. */
  refresh() {
    const state = this.store.get();
    if (state.mode !== "cube") return reportSettled(this, null);
    const { layer, variable, detail } = this.#layer;
    if (!layer || !variable || !detail) return reportSettled(this, false);
    if (variable.kind === "composite" || !timeDimension(detail, variable)) return this.#tell(t(variable.kind === "composite" ? "cube.picture" : "cube.timeless"));
    const times = timesInRange(axisOf(state, layer), state.range);
    if (!times.length) return reportSettled(this, false);
    const box = state.block?.box ?? clip(state.box ?? detail.bbox ?? [-180, -90, 180, 90], detail.bbox);
    const address = blockAddress(layer, variable, box, state.range, times.length);
    if (address !== this.#address) void this.#load(address);
    else this.draw();
  }

  /** @param {string} text instead of a cube */
  #tell(text) {
    this.#stop();
    [this.#block, this.#address] = [null, ""];
    this.message.replaceChildren(text);
    this.message.hidden = false;
    this.draw();
    reportSettled(this, true);
  }

  #stop() {
    this.#loading.abort();
    this.#isLoading = false;
    this.message.hidden = true;
    reportSettled(this, this.store.get().mode === "cube" ? true : null);
  }

  /** @param {string} address */
  async #load(address) {
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#address = address;
    this.#isLoading = true;
    reportSettled(this, false);
    let drawn = 0;
    const onStep = (/** @type {Block} */ block, /** @type {number} */ done) => {
      this.message.replaceChildren(h("span", {}, t("cube.loading", { done, total: block.shape[0] })), this.cancel);
      this.message.hidden = false;
      if (performance.now() - drawn < DRAW_EVERY_MS) return;
      drawn = performance.now();
      this.#block = block;
      this.draw();
    };
    try {
      this.#block = await loadBlock(address, signal, onStep);
      this.#stop();
      this.follow();
      this.draw();
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#stop();
    this.#address = "";
    const message = error instanceof ApiError ? error.message : String(error);
    this.store.set({ problem: { message, source: "cube", retry: () => this.refresh() } });
  }

  /** As the map's buttons and keys ask for it. @param {number} steps nearer; none for all of it, as at first */
  nearer(steps) {
    this.zoom = steps ? Math.min(MOST_ZOOM, Math.max(0.4, this.zoom * ZOOM_STEP ** steps)) : 1;
    if (!steps) this.scene.reset();
    this.draw();
  }

  get #cut() {
    return this.store.get().block?.at ?? WHOLE;
  }

  /** By hand: the front's step is the page's time. @param {Cut} cut */
  cut(cut) {
    const block = this.#block;
    if (!block) return;
    const state = this.store.get();
    this.store.set({ block: { box: block.box, at: cut } });
    const time = block.times[cellsLeft(block, cut).steps - 1];
    if (time && time !== timeOf(state, activeOf(state))) this.store.set({ ...setTime(state, time), block: { box: block.box, at: cut } });
  }

  /** Another time of the page comes to the front. */
  follow() {
    const [block, state] = [this.#block, this.store.get()];
    const time = timeOf(state, activeOf(state));
    if (state.mode !== "cube" || !block?.times.length || !time || this.#isLoading) return;
    const step = nearestIndex(block.times, time);
    if (step === cellsLeft(block, this.#cut).steps - 1) return;
    this.store.set({ block: { box: block.box, at: cutAtStep(this.#cut, step, block.times.length) } });
  }

  /** @param {import("./control.js").Area} area */
  #choose(area) {
    if (area === "drawn") return void this.#draw();
    const state = this.store.get();
    const { detail } = this.#layer;
    const box = area === "whole" ? detail?.bbox : area === "place" ? areaOf(state) : clip(state.box ?? [-180, -90, 180, 90], detail?.bbox ?? null);
    if (box) this.store.set({ block: { box, at: this.#cut } });
  }

  /** A rectangle on the map, which the cube is then of; back to the cube in any case. */
  async #draw() {
    this.store.set({ mode: "map" });
    const { draw } = await import("../analysis/draw.js");
    const drawn = await draw("rectangle");
    const box = drawn && wrap(extentOf(drawn));
    this.store.set({ mode: "cube", ...(box && widthOf(box) > 0 && box[3] > box[1] ? { block: { box, at: this.#cut } } : {}) });
  }

  draw() {
    const state = this.store.get();
    if (state.mode !== "cube") return;
    const { layer } = this.#layer;
    const ramp = layer && rampsOf(state, layer)?.[0];
    this.space.hidden = !this.#block;
    const room = roomOf(this.element, this.card);
    Object.assign(this.space.style, { left: `${room.left}px`, top: `${room.top}px`, width: `${room.width}px`, height: `${room.height}px` });
    this.message.style.left = `${room.left + room.width / 2}px`;
    this.scene.show({ block: this.#block, cut: this.#cut, ramp: ramp ?? null, size: sizeIn(room, this.#block, this.zoom) });
    this.controls.show(this.#block, this.#cut, areaOf(state) !== null);
  }

  /** @param {Parameters<import("./scene.js").Listeners["onpoint"]>[0]} place @param {number} x @param {number} y in the space */
  #point(place, x, y) {
    const block = this.#block;
    this.tip.hidden = !place || !block;
    if (!place || !block) return;
    this.tip.replaceChildren(...linesOf(block, place));
    this.tip.style.transform = `translate(${this.space.offsetLeft + x + 16}px, ${this.space.offsetTop + y + 16}px)`;
  }

  free() {
    this.#loading.abort();
    reportSettled(this, null);
    this.element.replaceChildren();
  }
}
