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
  return store.subscribe(["layers", "active", "details", "datasets", "config"], (state) => {
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
function standIn({ datasets, layers }) {
  const isLoading = !datasets || layers.length > 0;
  if (isLoading) return [h("div", { className: "skeleton skeleton-title" }), h("div", { className: "skeleton skeleton-line" })];
  return [h("h1", {}, t(datasets.length ? "shell.noLayer" : "shell.noDatasets")), h("p", { className: "muted" }, t(datasets.length ? "shell.noLayerHint" : "shell.noDatasetsHint"))];
}
