/** The panel of what is shown: dataset, variable, dimensions, legend, style, and where else it is found. */
import { h, icon } from "../lib/dom.js";
import { formatUnits } from "../lib/number.js";
import { variableOf } from "../lib/select.js";
import { mountDatasets } from "../data/dataset.js";
import { mountDimensions } from "../data/dimension.js";
import { mountElsewhere } from "../data/elsewhere.js";
import { mountLegend } from "../colour/legend.js";
import { mountStyle } from "../colour/styling.js";
import { mountVariables } from "../data/variable.js";

/** @typedef {import("../types.js").Store} Store */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountPanel(element, store) {
  const [datasets, variables, dimensions, legend, styling, elsewhere] = Array.from({ length: 6 }, () => h("div"));
  const body = h("div", { className: "panel-body", id: "panel-body" },
    section("Dataset", datasets),
    section("Variable", variables),
    dimensions,
    section("Style", styling),
    elsewhere,
  );
  const headline = h("div", { className: "panel-headline" });
  element.append(header(element), h("div", { className: "panel-top" }, headline, legend), body);
  const stops = [
    mountHeadline(headline, store),
    mountLegend(legend, store),
    mountDatasets(datasets, store),
    mountVariables(variables, store),
    mountDimensions(dimensions, store),
    mountStyle(styling, store),
    mountElsewhere(elsewhere, store),
    store.subscribe(["detail", "busy"], ({ detail, busy }) => element.classList.toggle("is-empty", !detail && !busy)),
  ];
  return () => {
    stops.forEach((stop) => stop());
    element.replaceChildren();
  };
}

/** The brand, and on a narrow window what opens and closes the rest. @param {HTMLElement} panel */
function header(panel) {
  const toggle = h("button", { type: "button", className: "icon-button panel-toggle", "aria-expanded": "false", "aria-controls": "panel-body", "aria-label": "Data and style" }, icon("chevron"));
  toggle.addEventListener("click", () => {
    const isOpen = panel.classList.toggle("is-open");
    toggle.setAttribute("aria-expanded", String(isOpen));
  });
  const logo = h("img", { src: "static/favicon.svg", alt: "", width: 22, height: 22 });
  return h("header", { className: "panel-header" }, logo, h("span", { className: "brand" }, "tileserver"), toggle);
}

/** @param {string} title @param {HTMLElement} content */
function section(title, content) {
  return h("section", { className: "panel-section", "aria-label": title }, h("h2", {}, title), content);
}

/** @param {HTMLElement} element @param {Store} store */
function mountHeadline(element, store) {
  return store.subscribe(["detail", "variable", "datasets"], (state) => {
    const variable = variableOf(state);
    if (!state.detail || !variable) {
      element.replaceChildren();
      document.title = "tileserver";
      return;
    }
    const title = variable.title || variable.id;
    document.title = `${title} · ${state.detail.title}`;
    const units = formatUnits(variable.units);
    element.replaceChildren(
      h("h1", { title }, title, units && h("span", { className: "units" }, units)),
      h("p", { className: "muted" }, state.detail.title),
    );
  });
}
