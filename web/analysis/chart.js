/** The time series of the chosen place, as a chart; a click on it goes to that time. */
import { getJson, isAbort } from "../api.js";
import UPlot from "../vendor/uplot.js";
import { valueAddress } from "../lib/address.js";
import { h } from "../lib/dom.js";
import { chartedOf, hasTime } from "../lib/select.js";
import { countValues, toColumns, toSeries } from "../lib/series.js";
import { chartOptions } from "./chartstyle.js";

/** @typedef {import("../types.js").Series} Series */

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @param {(series: Series | null) => void} onSeries told null when another one is on its way
 * @returns {() => void} unmount
 */
export function mountChart(element, store, onSeries) {
  let controller = new AbortController();
  let asked = "";
  /** @type {Series | null} */
  let series = null;
  /** @type {UPlot | null} */
  let plot = null;

  const draw = () => {
    plot?.destroy();
    plot = null;
    if (!series || !element.clientWidth) return;
    element.replaceChildren();
    const size = { width: element.clientWidth, height: element.clientHeight };
    plot = new UPlot(chartOptions(size, series, store), toColumns(series), element);
  };
  const load = async () => {
    const state = store.get();
    const variable = chartedOf(state);
    const isWanted = state.point && state.detail && variable && hasTime(variable);
    const address = isWanted ? valueAddress("timeseries", state, state.detail, variable) : "";
    if (address === asked) return;
    asked = address;
    controller.abort();
    controller = new AbortController();
    series = null;
    onSeries(null);
    draw();
    if (!address) return element.replaceChildren(h("p", { className: "empty" }, "This variable has no time."));
    element.replaceChildren(h("p", { className: "empty is-loading" }, "Reading the series…"));
    try {
      series = toSeries(await getJson(address, controller.signal));
      show();
    } catch (error) {
      if (!isAbort(error)) fail(/** @type {Error} */ (error).message);
    }
  };
  const show = () => {
    if (!series) return;
    onSeries(series);
    if (countValues(series)) draw();
    else element.replaceChildren(h("p", { className: "empty" }, "No data at this place."));
  };
  /** @param {string} message */
  const fail = (message) => {
    asked = "";
    element.replaceChildren(h("div", { className: "empty" }, h("p", {}, message),
      h("button", { type: "button", className: "button", onclick: load }, "Try again")));
  };
  const observer = new ResizeObserver(() => {
    if (plot && element.clientWidth) plot.setSize({ width: element.clientWidth, height: element.clientHeight });
    else if (!plot && series && countValues(series)) draw();
  });
  observer.observe(element);
  const redraw = () => plot && draw();
  window.addEventListener("themechange", redraw);
  const stops = [
    store.subscribe(["detail", "variable", "chart", "point", "dims"], () => void load()),
    store.subscribe(["time", "times"], () => plot?.redraw(false)),
  ];
  return () => {
    stops.forEach((stop) => stop());
    controller.abort();
    observer.disconnect();
    window.removeEventListener("themechange", redraw);
    plot?.destroy();
  };
}
