/** The diagram of time and one direction of the active layer: loads it, draws it, reads it out. */
import { isAbort } from "../api.js";
import { fileName } from "../export/filename.js";
import { h, iconButton } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { activeOf, timeOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock, parseTime } from "../lib/time.js";
import { rampsOf, tables } from "../tile/ramps.js";
import { diagramOfBox, noteOf } from "./area.js";
import { saveTable, savePicture } from "./file.js";
import { inks } from "./inks.js";
import { followCursor } from "./cursor.js";
import { loadDiagram } from "./load.js";
import { frameOf, placeText } from "./plot.js";
import { diagramPoster } from "./poster.js";
import { lineTimeAddress } from "./question.js";
import { drawDiagram } from "./raster.js";
import { diagramTable } from "./table.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./diagram.js").Diagram} Diagram */
/** @typedef {import("./plot.js").Cell} Cell */

const ASKED = /** @type {(keyof import("../types.js").State)[]} */ (["layers", "active", "details", "axes", "range", "places", "place", "section", "box"]);
const DRAW_EVERY_MS = 120;
const QUIET_MS = 500; // of the map, before another area is read

/**
 * @param {HTMLElement} element @param {Store} store
 * @param {{onfail: (message: string, retry: () => void) => void, area: () => import("./question.js").Area}} how
 * @returns {{refresh: () => void, unmount: () => void}}
 */
export function mountDiagram(element, store, how) {
  const view = new DiagramView(element, store, how);
  const draw = () => view.draw();
  const observer = new ResizeObserver(draw);
  observer.observe(view.canvas);
  for (const [target, name] of /** @type {[EventTarget, string][]} */ ([[window, "themechange"], [tables, "change"]])) target.addEventListener(name, draw);
  const stops = [store.subscribe(ASKED, () => view.refresh()), store.subscribe(["time", "layers", "ranges"], draw)];
  return {
    refresh: () => view.refresh(),
    unmount() {
      stops.forEach((stop) => stop());
      observer.disconnect();
      for (const [target, name] of /** @type {[EventTarget, string][]} */ ([[window, "themechange"], [tables, "change"]])) target.removeEventListener(name, draw);
      view.free();
    },
  };
}

class DiagramView {
  /** @type {Diagram | null} */
  #diagram = null;
  /** @type {Cell | null} */
  #cursor = null;
  #address = "";
  #timer = 0;
  #drawn = 0;
  #loading = new AbortController();

  /** @param {HTMLElement} element @param {Store} store @param {Parameters<typeof mountDiagram>[2]} how */
  constructor(element, store, how) {
    this.store = store;
    this.how = how;
    this.canvas = h("canvas", { className: "section-diagram", tabIndex: 0, role: "application", "aria-label": t("section.diagram") });
    this.reading = h("p", { className: "section-reading", role: "status" });
    this.bar = h("progress", { className: "section-progress", max: 1, value: 0, "aria-label": t("section.loading") });
    this.cancel = h("button", { type: "button", className: "button", onclick: () => this.#stop() }, t("section.cancel"));
    this.progress = h("div", { className: "section-loading", hidden: true }, this.bar, this.cancel);
    this.note = h("p", { className: "section-note muted" });
    element.append(this.canvas, this.progress, h("div", { className: "section-files" }, this.reading,
      iconButton("download", t("section.csv"), () => this.#saveTable()), iconButton("image", t("section.png"), () => void this.#savePicture())), this.note);
    this.stopCursor = followCursor(this.canvas, {
      diagram: () => this.#diagram, frame: () => this.#frame,
      onmove: (cell) => this.#read(cell), onchoose: ({ step }) => this.#goTo(step),
    });
  }

  get #frame() {
    return frameOf(this.#diagram?.kind ?? "latitude", this.canvas.clientWidth, this.canvas.clientHeight);
  }

  get #ramp() {
    const state = this.store.get();
    const layer = activeOf(state);
    return layer ? (rampsOf(state, layer)?.[0] ?? null) : null;
  }

  refresh() {
    const state = this.store.get();
    const { section: kind } = state;
    const address = kind === "lineTime" ? lineTimeAddress(state) : kind === "line" ? null : diagramOfBox(state, kind, this.how.area());
    if (address === this.#address || (!address && !this.#address)) return;
    const isFirst = !this.#address;
    this.#stop();
    this.#address = address ?? "";
    clearTimeout(this.#timer);
    if (!address) return this.#show(null);
    this.canvas.dataset.loading = "true";
    this.#timer = window.setTimeout(() => void this.#load(address, kind), isFirst ? 0 : QUIET_MS);
  }

  #stop() {
    this.#loading.abort();
    this.progress.hidden = true;
    delete this.canvas.dataset.loading;
  }

  /** @param {string} address @param {import("../types.js").Section} kind */
  async #load(address, kind) {
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.progress.hidden = false;
    this.bar.removeAttribute("value");
    try {
      const diagram = await loadDiagram(address, kind, signal, (part, done) => this.#grow(part, done));
      this.#stop();
      this.#show(diagram);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.#stop();
      this.#address = "";
      this.how.onfail(/** @type {Error} */ (error).message, () => this.refresh());
    }
  }

  /** @param {Diagram} part @param {number} done steps */
  #grow(part, done) {
    this.bar.value = done / part.times.length;
    if (performance.now() - this.#drawn > DRAW_EVERY_MS) this.#show(part);
  }

  /** @param {Diagram | null} diagram */
  #show(diagram) {
    this.#diagram = diagram;
    this.#drawn = performance.now();
    this.note.textContent = diagram ? noteOf(this.store.get(), diagram) : "";
    this.#read(null);
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const context = this.canvas.getContext("2d");
    const state = this.store.get();
    if (!context || !width || !height) return;
    const ratio = window.devicePixelRatio;
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    context.scale(ratio, ratio);
    if (!this.#diagram || !this.#ramp) return;
    const time = timeOf(state, activeOf(state));
    drawDiagram(context, this.#diagram, this.#ramp, { width, height, ratio, inks: inks(), instant: time === null ? null : parseTime(time), cursor: this.#cursor });
  }

  /** @param {Cell | null} cell */
  #read(cell) {
    const diagram = this.#diagram;
    this.#cursor = diagram && cell;
    this.reading.textContent = diagram && cell ? this.#textOf(diagram, cell) : (diagram ? t("section.diagramHint") : "");
    this.reading.classList.toggle("muted", !cell);
    this.draw();
  }

  /** @param {Diagram} diagram @param {Cell} cell */
  #textOf(diagram, { step, at }) {
    const value = diagram.values[step * diagram.count + at];
    const units = Number.isNaN(value) ? "" : ` ${formatUnits(diagram.units)}`;
    return `${formatValue(value)}${units} · ${formatTime(diagram.times[step], hasClock(diagram.times))} · ${placeText(diagram, at)}`;
  }

  /** @param {number} step */
  #goTo(step) {
    const time = this.#diagram?.times[step];
    if (time) this.store.set({ ...setTime(this.store.get(), time), playing: false });
  }

  get #words() {
    const state = this.store.get();
    const layer = activeOf(state);
    const variable = variableOf(state, layer);
    return { title: variable?.title || variable?.id || "", parts: [layer?.dataset, variable?.id, t(`section.file.${state.section}`)] };
  }

  #saveTable() {
    if (this.#diagram) saveTable(diagramTable(this.#diagram, this.#words.title), fileName(this.#words.parts, "csv"));
  }

  async #savePicture() {
    if (!this.#diagram || !this.#ramp) return;
    const { title, parts } = this.#words;
    await savePicture(diagramPoster(this.#diagram, this.#ramp, { title, note: this.note.textContent ?? "" }), fileName(parts, "png"));
  }

  free() {
    clearTimeout(this.#timer);
    this.#stop();
    this.stopCursor();
  }
}
