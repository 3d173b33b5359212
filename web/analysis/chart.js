/** Several series in one chart; dragging zooms into time, a click goes to a step. */
import UPlot from "../vendor/uplot.js";
import { h } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { activeOf, timeOf } from "../lib/select.js";
import { formatTime, hasClock } from "../lib/time.js";
import { chartOptions } from "./curves.js";

/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {import("../types.js").Store} Store */

const DRAGGED = 4; // pixels: less is a click

export class Chart {
  /** @type {UPlot | null} */
  plot = null;
  /** @type {Columns | null} */
  #columns = null;
  #look = "";

  /** @param {HTMLElement} element @param {Store} store @param {(isZoomed: boolean) => void} zoomed */
  constructor(element, store, zoomed) {
    this.element = element;
    this.store = store;
    this.zoomed = zoomed;
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(element);
    this.redraw = () => this.#draw(true);
    window.addEventListener("themechange", this.redraw);
  }

  /** @param {Columns} columns */
  show(columns) {
    this.#columns = columns;
    this.#draw(false);
  }

  /** The step that the map shows has changed. */
  mark() {
    this.plot?.redraw(false);
  }

  all() {
    this.plot?.setData(/** @type {any} */ (this.#columns?.data), true);
    this.zoomed(false);
  }

  /** @param {boolean} isAnew */
  #draw(isAnew) {
    const columns = this.#columns;
    if (!columns || !this.element.clientWidth) return;
    const look = JSON.stringify(columns.curves.map(({ row: { question: { id, place } }, part }) => [id, place.color, part]));
    const data = /** @type {any} */ (columns.data);
    if (this.plot && !isAnew && look === this.#look) return this.plot.setData(data, !this.isZoomed);
    this.#look = look;
    this.plot?.destroy();
    this.plot = null;
    this.element.replaceChildren();
    if (!columns.curves.length) return;
    const shownTime = () => timeOf(this.store.get(), activeOf(this.store.get()));
    const plugins = [this.#readOut(), this.#goToTime()];
    this.plot = new UPlot(chartOptions(this.#size, columns, shownTime, plugins), data, this.element);
    this.zoomed(false);
  }

  get #size() {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  get isZoomed() {
    const { min, max } = this.plot?.scales.x ?? {};
    const seconds = this.plot?.data[0] ?? [];
    return seconds.length > 1 && min !== undefined && max !== undefined && (min > seconds[0] || max < seconds[seconds.length - 1]);
  }

  #resize() {
    if (this.plot && this.element.clientWidth) this.plot.setSize(this.#size);
    else this.#draw(true);
  }

  /** What all lines say at a step. @returns {UPlot.Plugin} */
  #readOut() {
    const tip = h("div", { className: "chart-tip" });
    return { hooks: {
      init: (plot) => void plot.over.append(tip),
      setScale: (_, key) => key === "x" && this.zoomed(this.isZoomed),
      setCursor: (plot) => {
        const { idx, left = -1 } = plot.cursor;
        const columns = /** @type {Columns} */ (this.#columns);
        tip.hidden = idx === null || idx === undefined || left < 0 || !columns.times[idx];
        if (tip.hidden) return;
        const at = /** @type {number} */ (idx);
        tip.replaceChildren(h("p", {}, formatTime(columns.times[at], hasClock(columns.times))), ...linesOf(columns, at));
        tip.classList.toggle("is-left", left > plot.over.clientWidth / 2);
        tip.style.left = `${left}px`;
      },
    } };
  }

  /** @returns {UPlot.Plugin} */
  #goToTime() {
    let downAt = 0;
    return { hooks: { init: (plot) => {
      plot.over.addEventListener("mousedown", (event) => void (downAt = event.clientX));
      plot.over.addEventListener("click", (event) => {
        // Not the cursor's own index: it follows a moment later.
        const index = plot.posToIdx(event.clientX - plot.over.getBoundingClientRect().left);
        const time = this.#columns?.times[index];
        if (time && Math.abs(event.clientX - downAt) <= DRAGGED) this.store.set({ ...setTime(this.store.get(), time), playing: false });
      });
    } } };
  }

  stop() {
    this.observer.disconnect();
    window.removeEventListener("themechange", this.redraw);
    this.plot?.destroy();
  }
}

/** @param {Columns} columns @param {number} at */
function linesOf({ data, curves }, at) {
  return curves.flatMap(({ row, part, unit }, i) => {
    const value = data[i + 1][at];
    if (part !== "line" || value === undefined) return [];
    const swatch = h("span", { className: "swatch" });
    swatch.style.background = row.question.place.color;
    return [h("p", {}, swatch, `${formatValue(value)} ${formatUnits(unit)}`)];
  });
}
