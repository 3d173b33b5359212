/** What the colours mean: a bar with ticks, a list of classes or intervals, or the bands of a picture. */
import { h } from "../lib/dom.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { activeOf, detailOf, styleOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { createBar } from "./bar.js";
import { classesOf } from "./classes.js";
import { parseOwn } from "./own.js";
import { rampsOf, tables } from "./tables.js";
import { ticksOf } from "./ticks.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */

const TICKS = 6;
const BAND_COLOURS = ["#d62728", "#2ca02c", "#1f77b4"];

/**
 * The legend of the active layer: of what the browser knows, so no request, and at once.
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountLegend(element, store) {
  let shown = "";
  const show = () => {
    const state = store.get();
    const layer = activeOf(state);
    const variable = variableOf(state, layer);
    const key = layer && variable ? JSON.stringify([layer.dataset, variable.id, layer.expression, styleOf(state, layer), Boolean(rampsOf(state, layer))]) : "";
    if (key === shown) return;
    shown = key;
    element.replaceChildren(...(layer && variable ? legendOf(state, layer) : []));
  };
  tables.addEventListener("change", show);
  const stop = store.subscribe(["layers", "active", "details", "ranges"], show);
  return () => {
    stop();
    tables.removeEventListener("change", show);
    element.replaceChildren();
  };
}

/** @param {State} state @param {Layer} layer @returns {Node[]} */
function legendOf(state, layer) {
  const style = styleOf(state, layer);
  if (variableOf(state, layer)?.kind === "composite") return [bands(state, layer)];
  const classes = classesOf(style.colormap, style.categories);
  if (classes) return [swatches(classes.filter(({ isHidden }) => !isHidden))];
  const own = parseOwn(style.colormap);
  if (own?.kind === "steps") {
    return [swatches(own.entries.map(({ low, high, color }) => ({ label: `${formatValue(low)} – ${formatValue(high)}`, color })))];
  }
  return bar(state, layer);
}

/** @param {{label: string, color: string}[]} entries */
function swatches(entries) {
  return h("ul", { className: "legend-classes" }, ...entries.map(({ label, color }) => h("li", {}, swatch(color), label)));
}

/** @param {string} color */
function swatch(color) {
  const element = h("span", { className: "swatch" });
  element.style.backgroundColor = color;
  return element;
}

/** What is shown in red, green and blue. @param {State} state @param {Layer} layer */
function bands(state, layer) {
  const { rescale } = styleOf(state, layer);
  const ids = layer.expression?.split(";") ?? variableOf(state, layer)?.style.bands ?? [];
  const title = (/** @type {string} */ id) => detailOf(state, layer)?.variables.find((one) => one.id === id)?.title ?? id.trim();
  return h("ul", { className: "legend-bands" },
    ...ids.map((id, i) => h("li", {}, swatch(BAND_COLOURS[i]), title(id))),
    rescale && h("li", { className: "muted" }, t("colour.between", { low: formatValue(rescale[0]), high: formatValue(rescale[1]) })));
}

/** @param {State} state @param {Layer} layer @returns {Node[]} nothing while the range or the table is not known */
function bar(state, layer) {
  const [ramp] = rampsOf(state, layer) ?? [];
  if (!ramp) return [];
  const ticks = ticksOf(ramp.low, ramp.high, ramp.scale, TICKS);
  const units = formatUnits(variableOf(state, layer)?.units);
  const strip = createBar(ramp.table, "legend-bar");
  strip.setAttribute("role", "img");
  strip.setAttribute("aria-label", t("colour.legend", { low: formatValue(ramp.low), high: formatValue(ramp.high), units }));
  const marks = ticks.map(({ label, position }) => {
    const mark = h("span", { className: "legend-tick" }, label);
    mark.style.left = `${position * 100}%`;
    if (position < 0.04) mark.classList.add("is-first");
    if (position > 0.96) mark.classList.add("is-last");
    return mark;
  });
  return [h("div", { className: "legend" }, strip, h("div", { className: "legend-ticks", "aria-hidden": "true" }, ...marks))];
}
