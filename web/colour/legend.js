/** What the colours mean: a bar with ticks, a list of classes, or the bands of a picture. */
import { getJson, isAbort } from "../api.js";
import { legendAddress } from "../lib/address.js";
import { h } from "../lib/dom.js";
import { formatValue } from "../lib/number.js";
import { activeOf, variableOf } from "../lib/select.js";

/** @typedef {import("../types.js").Legend} Legend */

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountLegend(element, store) {
  let controller = new AbortController();
  let shown = "";
  const stop = store.subscribe(["layers", "active", "details"], async (state) => {
    const layer = activeOf(state);
    const variable = variableOf(state, layer);
    const address = layer && variable ? legendAddress(layer, variable) : "";
    if (address === shown) return;
    shown = address;
    controller.abort();
    controller = new AbortController();
    if (!address) return element.replaceChildren();
    try {
      element.replaceChildren(drawLegend(await getJson(address, controller.signal)));
    } catch (error) {
      if (isAbort(error)) return;
      shown = "";
      element.replaceChildren(h("p", { className: "muted" }, `No legend: ${/** @type {Error} */ (error).message}`));
    }
  });
  return () => {
    stop();
    controller.abort();
  };
}

/** @param {Legend} legend */
function drawLegend(legend) {
  if (legend.categories) return drawClasses(legend.categories);
  return legend.bands ? drawBands(legend.bands, legend) : drawBar(legend);
}

/** @param {import("../types.js").Category[]} categories */
function drawClasses(categories) {
  return h("ul", { className: "legend-classes" }, ...categories.map(({ label, color }) => h("li", {}, drawSwatch(color), label)));
}

/** @param {string} color */
function drawSwatch(color) {
  const swatch = h("span", { className: "swatch" });
  swatch.style.backgroundColor = color;
  return swatch;
}

/** What is shown in red, green and blue. @param {import("../types.js").Band[]} bands @param {Legend} legend */
function drawBands(bands, { min, max }) {
  return h("ul", { className: "legend-bands" },
    ...bands.map(({ channel, title, color }) => h("li", { title: `${title} in ${channel}` }, drawSwatch(color), title)),
    h("li", { className: "muted" }, `${formatValue(min)} to ${formatValue(max)}`));
}

/** @param {Legend} legend */
function drawBar({ colors, ticks, title }) {
  const bar = h("div", { className: "legend-bar", role: "img", "aria-label": `Colours of ${title}, from ${ticks[0]?.label} to ${ticks.at(-1)?.label}` });
  bar.style.backgroundImage = `linear-gradient(to right, ${colors.join(", ")})`;
  const marks = ticks.map(({ label, position }) => {
    const mark = h("span", { className: "legend-tick" }, label);
    mark.style.left = `${position * 100}%`;
    if (position < 0.04) mark.classList.add("is-first");
    if (position > 0.96) mark.classList.add("is-last");
    return mark;
  });
  return h("div", { className: "legend" }, bar, h("div", { className: "legend-ticks" }, ...marks));
}
