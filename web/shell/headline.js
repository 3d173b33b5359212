/** What is shown: the active layer's variable and dataset, in the panel and in the page's title. */
import { h } from "../lib/dom.js";
import { formatUnits } from "../lib/number.js";
import { activeOf, detailOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { brandOf } from "./brand.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountHeadline(element, store) {
  return store.subscribe(["layers", "active", "details", "datasets", "config", "busy", "problem"], (state) => {
    const layer = activeOf(state);
    const [detail, variable] = [detailOf(state, layer), variableOf(state, layer)];
    const { title: brand } = brandOf(state.config);
    if (!detail || !variable) {
      element.replaceChildren(...standIn(state));
      document.title = brand;
      return;
    }
    const title = variable.title || variable.id;
    document.title = `${title} · ${detail.title || detail.id}`;
    const units = formatUnits(variable.units);
    element.replaceChildren(
      h("h1", { title }, title, units && h("span", { className: "units" }, units)),
      h("p", { className: "muted" }, detail.title || detail.id),
    );
  });
}

/** @param {import("../types.js").State} state */
function standIn(state) {
  const { datasets, busy } = state;
  const layer = activeOf(state);
  if (!datasets || (layer && busy)) return [h("div", { className: "skeleton skeleton-title" }), h("div", { className: "skeleton skeleton-line" })];
  if (layer) return cannotOpen(state, layer.dataset);
  const [title, hint] = datasets.length ? /** @type {const} */ (["shell.noLayer", "shell.noLayerHint"]) : /** @type {const} */ (["shell.noDatasets", "shell.noDatasetsHint"]);
  return [h("h1", {}, t(title)), h("p", { className: "muted" }, t(hint))];
}

/** @param {import("../types.js").State} state @param {string} id of the dataset */
function cannotOpen({ datasets, problem }, id) {
  const summary = datasets?.find((dataset) => dataset.id === id);
  const retry = problem?.retry;
  return [
    h("h1", {}, summary?.title || id),
    h("p", { className: "headline-trouble" }, t("shell.cannotOpen")),
    retry && h("button", { type: "button", className: "button", onclick: () => retry() }, problem.action ?? t("shell.tryAgain")),
  ].filter((part) => part instanceof HTMLElement);
}
