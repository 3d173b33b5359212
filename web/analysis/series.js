/** The tab of values: what the places have at the shown step, and through time. */
import { h } from "../lib/dom.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { axisOf, timeOf, timesInRange } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock } from "../lib/time.js";
import { segments } from "../shell/menu.js";
import { Answers } from "./answers.js";
import { Chart } from "./chart.js";
import { columnsOf, valueAtTime } from "./columns.js";
import { detailOf, nameOf, placeRows, renew } from "./place.js";
import { chartedOf, questionsOf } from "./question.js";
import { Readings } from "./readings.js";
import { saveButtons } from "./save.js";
import { areaOf, isPoint } from "./shape.js";
import { variableChoice } from "./variable.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Place} Place */
/** @typedef {import("./question.js").Question} Question */
/** @typedef {import("./question.js").Charted} Charted */

const QUIET_MS = 120;
const RANGE_MS = 400;
const ASKED = /** @type {(keyof State)[]} */ (["places", "charts", "layers", "active", "details", "axes"]);

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountSeries(element, store) {
  const parts = {
    choice: h("div", { className: "charted" }), reading: h("p", { className: "reading", "aria-live": "polite" }), where: h("p", { className: "muted" }),
    places: h("ul", { className: "place-list" }), show: h("div", { className: "chart-show" }),
    plot: h("div", { className: "plot", role: "img" }), state: h("div", { className: "chart-state", role: "status" }),
    save: h("div", { className: "chart-save" }),
  };
  element.classList.add("analysis-tab");
  element.append(...Object.values(parts));
  const panel = new Panel(parts, store);
  const stops = [
    store.subscribe(ASKED, () => panel.ask()),
    // While its handle is dragged every step would be another series.
    store.subscribe(["range"], () => panel.askSoon()),
    store.subscribe(["place"], () => panel.read()),
    store.subscribe(["time"], () => panel.mark()),
  ];
  return () => {
    stops.forEach((stop) => stop());
    panel.stop();
    element.replaceChildren();
  };
}

class Panel {
  /** @type {Question[]} */
  #questions = [];
  #timer = 0;
  #asking = 0;

  /** @param {Record<"choice" | "reading" | "where" | "places" | "show" | "plot" | "state" | "save", HTMLElement>} parts @param {Store} store */
  constructor(parts, store) {
    this.parts = parts;
    this.store = store;
    this.answers = new Answers(() => this.#soon());
    this.readings = new Readings(() => this.read());
    this.all = h("button", { type: "button", className: "button is-quiet", hidden: true, onclick: () => this.chart.all() }, t("analysis.resetZoom"));
    this.chart = new Chart(parts.plot, store, (isZoomed) => (this.all.hidden = !isZoomed));
    parts.save.append(this.all, ...saveButtons(() => this.#rows, store, () => this.chart.plot));
  }

  get #rows() {
    return this.#questions.flatMap((question) => {
      const answer = this.answers.of(question);
      return answer?.times.length ? [{ question, answer, name: nameOf(question.place) }] : [];
    });
  }

  ask() {
    const state = this.store.get();
    this.#questions = questionsOf(state);
    this.answers.ask(this.#questions);
    this.parts.choice.replaceChildren(...variableChoice(this.store));
    const hasAreas = state.places.some((place) => !isPoint(place));
    this.parts.show.replaceChildren(...(hasAreas ? [this.#showChoice(state)] : []));
    this.#draw();
  }

  askSoon() {
    clearTimeout(this.#asking);
    this.#asking = window.setTimeout(() => this.ask(), RANGE_MS);
  }

  /** @param {State} state */
  #showChoice({ charts }) {
    const choices = /** @type {const} */ (["mean", "minmax", "median"]);
    const field = segments(t("analysis.show"), choices.map((show) => [show, t(`analysis.show.${show}`)]), charts.show, (show) => this.store.set({ charts: { ...charts, show } }));
    return h("div", {}, field, h("p", { className: "muted" }, t(`analysis.bandOf.${charts.show}`)));
  }

  #soon() {
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      this.#draw();
    }, QUIET_MS);
  }

  #draw() {
    const rows = this.#rows;
    this.chart.show(columnsOf(rows, this.store.get().charts.show));
    this.parts.plot.hidden = !rows.length;
    this.parts.plot.setAttribute("aria-label", t("analysis.chart", { names: [...new Set(rows.map(({ name }) => name))].join(", ") }));
    this.parts.save.hidden = !this.store.get().places.length;
    this.#tell();
    this.read();
  }

  /** How far it is, and what went wrong. */
  #tell() {
    const state = this.store.get();
    const known = this.#questions.map((question) => ({ question, answer: this.answers.of(question) }));
    const loading = known.filter(({ answer }) => answer?.status === "loading");
    const failed = known.find(({ answer }) => answer?.status === "failed");
    const isCancelled = known.some(({ answer }) => answer?.status === "cancelled");
    const again = h("button", { type: "button", className: "button", onclick: () => this.answers.retry(this.#questions) }, t("analysis.again"));
    const toSection = h("button", { type: "button", className: "button", onclick: () => this.store.set({ tab: "section" }) }, t("shell.tab.section"));
    const hasValues = this.#rows.some(({ answer }) => Object.values(answer.values).some((values) => values.some((value) => value !== null)));
    /** @type {Node[]} */
    let told = [];
    if (loading.length) told = this.#progress(state, known);
    else if (failed) told = [h("p", {}, failed.answer?.error ?? ""), again];
    else if (isCancelled) told = [h("p", {}, t("analysis.cancelled")), again];
    else if (state.places.some((place) => place.id === state.place && !areaOf(place))) told = [h("p", {}, t("analysis.isLine")), toSection];
    else if (!state.places.length) told = [h("p", {}, t("analysis.empty"))];
    else if (chartedOf(state).every(({ hasTime }) => !hasTime)) told = [h("p", {}, t("analysis.noTime"))];
    else if (!hasValues && known.length) told = [h("p", {}, t("analysis.noData"))];
    this.parts.state.replaceChildren(...told);
    this.parts.plot.classList.toggle("is-empty", !hasValues);
  }

  /** @param {State} state @param {{question: Question, answer: import("./answers.js").Answer | null}[]} known */
  #progress(state, known) {
    const stepsOf = (/** @type {Question} */ { charted: { layer } }) => timesInRange(axisOf(state, layer), state.range).length;
    const all = known.reduce((sum, { question }) => sum + stepsOf(question), 0);
    const done = known.reduce((sum, { answer }) => sum + (answer?.times.length ?? 0), 0);
    return [
      h("progress", { max: Math.max(1, all), value: done, "aria-label": t("analysis.loading", { done, all }) }),
      h("p", { className: "muted" }, t("analysis.loading", { done, all })),
      h("button", { type: "button", className: "button", onclick: () => this.answers.cancel() }, t("analysis.cancel")),
    ];
  }

  mark() {
    this.chart.mark();
    this.read();
  }

  /** The values at the shown step. */
  read() {
    const state = this.store.get();
    const charted = chartedOf(state);
    const chosen = state.places.find(({ id }) => id === state.place) ?? null;
    const told = (/** @type {Place} */ place) => charted.map((one) => this.#valueOf(state, place, one));
    renew(this.parts.places, placeRows(this.store, told));
    this.parts.places.hidden = state.places.length < 2 && Boolean(chosen && isPoint(chosen) && !chosen.name);
    const first = chosen && charted[0] ? told(chosen)[0] : null;
    const time = chosen && charted[0] ? timeOf(state, charted[0].layer) : null;
    this.parts.reading.replaceChildren(...(first?.text ? [
      h("strong", {}, first.text), h("span", { className: "units" }, formatUnits(first.unit)),
      h("span", { className: "muted" }, time ? formatTime(time, hasClock([time, ...(this.#rows[0]?.answer.times ?? [])])) : ""),
    ] : []));
    this.parts.where.textContent = chosen ? [chosen.name, detailOf(chosen)].filter(Boolean).join(" · ") : "";
  }

  /** @param {State} state @param {Place} place @param {Charted} charted @returns {import("./place.js").Told} */
  #valueOf(state, place, charted) {
    if (!areaOf(place)) return { text: "", unit: "" };
    const row = this.#rows.find(({ question }) => question.place.id === place.id && question.charted.key === charted.key);
    const time = timeOf(state, charted.layer);
    const isThere = row && time !== null && row.answer.times.includes(time);
    const value = isThere ? valueAtTime(row, time) : this.readings.of(place, charted, time);
    if (value === undefined) return { text: "…", unit: "" };
    if (value === null) return { text: t("analysis.noDataShort"), unit: "" };
    const { categories } = charted.variable.style;
    // A mean of classes means nothing.
    if (categories && !isPoint(place)) return { text: "–", unit: "" };
    const label = categories?.find((category) => category.value === value)?.label;
    return label ? { text: label, unit: "" } : { text: formatValue(value), unit: charted.variable.units ?? "" };
  }

  stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#asking);
    this.answers.stop();
    this.readings.stop();
    this.chart.stop();
  }
}

