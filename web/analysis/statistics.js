/** The tab of statistics: of the chosen area, or of what is in view, at the shown step; with a histogram. */
import { isAbort } from "../api.js";
import { valueAddress } from "../lib/address.js";
import { h, icon } from "../lib/dom.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { timeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime } from "../lib/time.js";
import { postJson } from "./answers.js";
import { histogram } from "./histogram.js";
import { nameOf } from "./place.js";
import { chartedOf } from "./question.js";
import { areaOf, isPoint } from "./shape.js";
import { save } from "./save.js";
import { variableChoice } from "./variable.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {{address: string, body: string | null, of: string, units: string, time: string | null}} Asked */

const QUIET_MS = 250;
const NUMBERS = /** @type {const} */ (["mean", "std", "min", "max", "median"]);

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountStatistics(element, store) {
  const choice = h("div", { className: "charted" });
  const body = h("div", { className: "statistics", "aria-live": "polite" });
  element.classList.add("analysis-tab");
  element.append(choice, body);
  let controller = new AbortController();
  let asked = "";
  let timer = 0;
  const load = async () => {
    const wanted = askedOf(store.get());
    const key = wanted ? `${wanted.address} ${wanted.body}` : "";
    if (!wanted || key === asked || !element.offsetParent) return;
    asked = key;
    controller.abort();
    controller = new AbortController();
    body.classList.add("is-loading");
    try {
      body.replaceChildren(...told(await postJson(wanted.address, wanted.body, controller.signal), wanted));
    } catch (error) {
      if (isAbort(error)) return;
      asked = "";
      body.replaceChildren(h("p", {}, /** @type {Error} */ (error).message), h("button", { type: "button", className: "button", onclick: load }, t("analysis.again")));
    }
    body.classList.remove("is-loading");
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(load, QUIET_MS);
  };
  const stops = [
    store.subscribe(["charts", "layers", "active", "details"], () => choice.replaceChildren(...variableChoice(store, 1))),
    store.subscribe(["places", "place", "tab", "charts", "layers", "active", "details", "axes", "time", "box"], soon),
  ];
  return () => {
    stops.forEach((stop) => stop());
    clearTimeout(timer);
    controller.abort();
    element.replaceChildren();
  };
}

/** @param {State} state @returns {Asked | null} */
function askedOf(state) {
  const [charted] = chartedOf(state);
  if (!charted) return null;
  const place = state.places.find(({ id }) => id === state.place);
  const area = place && !isPoint(place) ? areaOf(place) : null;
  if (!area && !state.box) return null;
  const time = charted.hasTime ? timeOf(state, charted.layer) : null;
  const address = valueAddress("statistics", charted.layer, charted.variable, [["time", time], ["bbox", area ? null : /** @type {number[]} */ (state.box).join(",")]]);
  const of = area && place ? nameOf(place) : t("analysis.inView");
  return { address, body: area && JSON.stringify(area), of, units: formatUnits(charted.variable.units), time };
}

/** @param {any} answer @param {Asked} asked */
function told(answer, { of, units, time }) {
  const row = (/** @type {string} */ name, /** @type {string} */ value) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value));
  const number = (/** @type {number | null} */ value) => (value === null ? "–" : `${formatValue(value)} ${units}`.trim());
  const rows = [
    row(t("analysis.count"), answer.count.toLocaleString(document.documentElement.lang || "en")),
    row(t("analysis.valid"), `${formatValue(answer.valid_percent)} %`),
    ...NUMBERS.map((name) => row(t(`analysis.${name}`), number(answer[name]))),
    ...Object.entries(answer.percentiles ?? {}).map(([p, value]) => row(t("analysis.percentile", { p }), number(/** @type {number | null} */ (value)))),
  ];
  const title = [`${t("analysis.statistics")} ${of}`, time && formatTime(time)].filter(Boolean).join(" · ");
  const saveIt = () => save(new Blob([`name,value\r\n${["count", "valid_percent", ...NUMBERS].map((name) => `${name},${answer[name] ?? ""}`).join("\r\n")}\r\n`], { type: "text/csv" }), `${answer.dataset}-${answer.variable}-statistics.csv`);
  return [
    h("p", { className: "muted" }, title),
    ...(answer.count && answer.histogram ? [histogram(answer.histogram, units)] : []),
    h("table", { className: "statistics-table" }, h("tbody", {}, ...rows)),
    h("div", { className: "chart-save" }, h("button", { type: "button", className: "button is-quiet", onclick: saveIt }, icon("download"), "CSV")),
  ];
}
