/** The value at the chosen place, and its series through time. */
import { getJson, isAbort } from "../api.js";
import { valueAddress } from "../lib/address.js";
import { h, icon, iconButton } from "../lib/dom.js";
import { formatPlace, formatUnits, formatValue } from "../lib/number.js";
import { chartedOf, hasTime, timeOf, variableOf } from "../lib/select.js";
import { formatTime, hasClock } from "../lib/time.js";
import { mountChart } from "./chart.js";
import { valueAt } from "../lib/series.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Series} Series */

const SAME = /** @type {(keyof State)[]} */ (["detail", "variable", "chart", "point", "dims"]);

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountInspector(element, store) {
  const reading = h("p", { className: "reading", "aria-live": "polite" });
  const place = h("p", { className: "muted" });
  const choice = h("div", { className: "inspector-choice" });
  const plot = h("div", { className: "plot" });
  const download = h("a", { className: "button is-quiet", download: "" }, icon("download"), "CSV");
  element.append(
    h("header", { className: "inspector-header" },
      h("div", { className: "inspector-title" }, choice, reading, place),
      download,
      iconButton("close", "Close", () => store.set({ point: null })),
    ),
    plot,
  );
  const reader = new Reader(store, reading);
  const stops = [
    store.subscribe(SAME, (state) => {
      element.hidden = !state.point || !chartedOf(state);
      document.body.classList.toggle("has-point", !element.hidden);
      showPlace(state, place, download);
    }),
    store.subscribe(["detail", "variable", "chart"], () => showChoice(choice, store)),
    mountChart(plot, store, (series) => reader.take(series)),
    store.subscribe([...SAME, "time", "times"], () => reader.read()),
  ];
  return () => {
    stops.forEach((stop) => stop());
    reader.stop();
    element.replaceChildren();
  };
}

/** @param {State} state @param {HTMLElement} place @param {HTMLAnchorElement} download */
function showPlace(state, place, download) {
  const variable = chartedOf(state);
  if (!state.point || !state.detail || !variable) return;
  place.textContent = formatPlace(state.point.lat, state.point.lon);
  download.hidden = !hasTime(variable);
  download.href = valueAddress("timeseries", state, state.detail, variable, [["f", "csv"]]);
  download.download = `${state.detail.id}-${variable.id}.csv`;
}

/** A composite has no value: its dataset's variables can be chosen. @param {HTMLElement} element @param {Store} store */
function showChoice(element, store) {
  const state = store.get();
  const charted = chartedOf(state);
  const single = state.detail?.variables.filter(({ kind }) => kind !== "composite") ?? [];
  if (single.length < 2) return element.replaceChildren(h("span", { className: "label" }, charted?.title || charted?.id || ""));
  const select = h("select", { className: "label-select", "aria-label": "Variable of the chart" },
    ...single.map(({ id, title }) => h("option", { value: id }, title || id)));
  select.value = charted?.id ?? "";
  select.addEventListener("change", () => {
    store.set({ chart: select.value === variableOf(store.get())?.id ? null : select.value });
  });
  element.replaceChildren(select);
}

/** Shows the value: out of the series if it has come, else asked for. */
class Reader {
  #controller = new AbortController();
  /** @type {Series | null} */
  #series = null;

  /** @param {Store} store @param {HTMLElement} element */
  constructor(store, element) {
    this.store = store;
    this.element = element;
  }

  stop() {
    this.#controller.abort();
  }

  /** @param {Series | null} series null when another one is on its way */
  take(series) {
    this.#series = series;
    if (series) this.read();
  }

  async read() {
    const state = this.store.get();
    const variable = chartedOf(state);
    this.#controller.abort();
    this.#controller = new AbortController();
    if (!state.point || !state.detail || !variable) return;
    const known = this.#series && valueAt(this.#series, timeOf(state));
    if (known !== null && known !== undefined) return this.show(known.value, this.#series?.units);
    try {
      const time = hasTime(variable) ? timeOf(state) : null;
      const address = valueAddress("point", state, state.detail, variable, [["time", time]]);
      const answer = await getJson(address, this.#controller.signal);
      this.show(answer.value, answer.units, answer.label);
    } catch (error) {
      if (!isAbort(error)) this.element.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {number | null} value @param {string | null | undefined} units @param {string} [label] */
  show(value, units, label) {
    const state = this.store.get();
    const time = timeOf(state);
    const text = value === null ? "No data" : (label ?? classOf(state, value) ?? formatValue(value));
    const unit = value === null ? "" : formatUnits(units);
    this.element.replaceChildren(
      h("strong", {}, text),
      h("span", { className: "units" }, unit),
      h("span", { className: "muted" }, time ? formatTime(time, hasClock(state.times)) : ""),
    );
  }
}

/** @param {State} state @param {number} value */
function classOf(state, value) {
  return chartedOf(state)?.style.categories?.find((category) => category.value === value)?.label;
}
