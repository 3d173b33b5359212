/** Values of the layers along a line, at the time that is shown. */
import { getJson, isAbort } from "../api.js";
import UPlot from "../vendor/uplot.js";
import { h, iconButton } from "../lib/dom.js";
import { formatPlace, formatUnits, formatValue } from "../lib/number.js";
import { styleOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { fileName } from "../export/filename.js";
import { saveTable, savePicture } from "./file.js";
import { colourOf, describe, lineData, lineOptions } from "./linechart.js";
import { createMarker } from "./marker.js";
import { kmText } from "./plot.js";
import { linePoster } from "./poster.js";
import { lineQuestions } from "./question.js";
import { lineTable } from "./table.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./linechart.js").Curve} Curve */

const SHOWN = /** @type {(keyof import("../types.js").State)[]} */ (["layers", "active", "details", "axes", "time", "places", "place"]);

/**
 * @param {HTMLElement} element @param {Store} store @param {(message: string, retry: () => void) => void} onfail
 * @returns {() => void} unmount
 */
export function mountLine(element, store, onfail) {
  const chart = new LineChart(element, store, onfail);
  const observer = new ResizeObserver(() => chart.draw());
  observer.observe(chart.field);
  const redraw = () => chart.draw();
  window.addEventListener("themechange", redraw);
  const stop = store.subscribe(SHOWN, () => void chart.refresh());
  return () => {
    stop();
    observer.disconnect();
    window.removeEventListener("themechange", redraw);
    chart.free();
  };
}

class LineChart {
  /** @type {UPlot | null} */
  #plot = null;
  /** @type {import("./linechart.js").Line | null} */
  #line = null;
  /** @type {Curve[]} */
  #curves = [];
  #asked = "";
  #isAsking = false;
  #controller = new AbortController();

  /** @param {HTMLElement} element @param {Store} store @param {(message: string, retry: () => void) => void} onfail */
  constructor(element, store, onfail) {
    this.store = store;
    this.onfail = onfail;
    this.marker = createMarker();
    this.field = h("div", { className: "section-chart", role: "img" });
    this.place = h("p", { className: "section-reading muted", role: "status" });
    this.list = h("ul", { className: "section-curves" });
    const tools = h("div", { className: "section-files" }, this.place,
      iconButton("download", t("section.csv"), () => this.#saveTable()), iconButton("image", t("section.png"), () => void this.#savePicture()));
    element.append(this.field, this.list, tools);
  }

  /** One question at a time: while time goes by, what is shown then is asked for next. */
  async refresh() {
    const questions = lineQuestions(this.store.get());
    const wanted = questions.map(({ address }) => address).join(" ");
    if (wanted === this.#asked || this.#isAsking) return;
    this.#asked = wanted;
    if (!questions.length) return this.#show(null, []);
    this.#isAsking = true;
    try {
      const { signal } = this.#controller;
      const answers = await Promise.all(questions.map(({ address }) => getJson(address, signal)));
      this.#show(answers[0], questions.map((question, i) => this.#curveOf(question, answers[i])));
    } catch (error) {
      if (isAbort(error)) return;
      this.onfail(/** @type {Error} */ (error).message, () => {
        this.#asked = "";
        void this.refresh();
      });
    } finally {
      this.#isAsking = false;
    }
    void this.refresh();
  }

  /** @param {import("./question.js").LineQuestion} question @param {any} answer @returns {Curve} */
  #curveOf({ layer, variable }, { values, times, units }) {
    const { categories } = styleOf(this.store.get(), layer);
    const title = variable.title || variable.id;
    return { title, time: times[0] ?? null, units, values: values[0], categories };
  }

  /** @param {import("./linechart.js").Line | null} line @param {Curve[]} curves */
  #show(line, curves) {
    [this.#line, this.#curves] = [line, curves];
    this.draw();
    this.#read(null);
  }

  draw() {
    this.#plot?.destroy();
    this.#plot = null;
    const { clientWidth: width, clientHeight: height } = this.field;
    if (!this.#line || !width) return this.field.replaceChildren();
    this.field.setAttribute("aria-label", describe(this.#line, this.#curves));
    this.#plot = new UPlot(lineOptions({ width, height }, this.#curves, (index) => this.#read(index)), lineData(this.#line, this.#curves), this.field);
  }

  /** @param {number | null} index of a point of the line */
  #read(index) {
    const line = this.#line;
    const isOn = line && index !== null;
    if (isOn) this.marker.show(line.lon[index], line.lat[index]);
    else this.marker.hide();
    this.place.textContent = isOn ? `${kmText(line.distance_m[index] / 1000, 1)} · ${formatPlace(line.lat[index], line.lon[index])}` : (line ? t("section.lineHint") : "");
    this.list.replaceChildren(...this.#curves.map((curve, i) => {
      const swatch = h("span", { className: "section-swatch" });
      swatch.style.backgroundColor = colourOf(i);
      return h("li", {}, swatch, h("span", {}, curve.title), h("strong", {}, isOn ? valueText(curve, curve.values[index]) : ""));
    }));
  }

  #name() {
    const [question] = lineQuestions(this.store.get());
    return [question?.layer.dataset, this.#curves.length === 1 ? this.#curves[0].title : "", t("section.file.line"), this.#curves[0]?.time];
  }

  #saveTable() {
    if (this.#line) saveTable(lineTable(this.#line, this.#curves), fileName(this.#name(), "csv"));
  }

  async #savePicture() {
    if (this.#line && this.#plot) await savePicture(await linePoster(this.#line, this.#curves), fileName(this.#name(), "png"));
  }

  free() {
    this.#controller.abort();
    this.#plot?.destroy();
    this.marker.stop();
  }
}

/** @param {Curve} curve @param {number | null} value */
function valueText({ categories, units }, value) {
  const label = value === null ? null : categories?.find((category) => category.value === Math.round(value))?.label;
  return label ?? `${formatValue(value)} ${value === null ? "" : formatUnits(units)}`.trim();
}
