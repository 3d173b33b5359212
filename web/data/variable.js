/** The variables and composites of the dataset. */
import { h } from "../lib/dom.js";
import { formatUnits } from "../lib/number.js";
import { showOnly } from "../lib/layers.js";
import { activeOf, detailOf, variableOf } from "../lib/select.js";

/** @typedef {import("../types.js").Store} Store */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountVariables(element, store) {
  const list = h("ul", { className: "choices is-compact" });
  element.append(list);
  return store.subscribe(["layers", "active", "details", "busy"], (state) => {
    const layer = activeOf(state);
    const [detail, chosen] = [detailOf(state, layer), variableOf(state, layer)];
    if (!detail) return list.replaceChildren(...(state.busy ? [h("li", { className: "skeleton" })] : []));
    if (!chosen) return list.replaceChildren(h("li", { className: "empty" }, "This dataset has no variable that is a map."));
    list.replaceChildren(...detail.variables.map((variable) => row(variable, variable === chosen, store)));
  });
}

/** @param {import("../types.js").Variable} variable @param {boolean} isChosen @param {Store} store */
function row(variable, isChosen, store) {
  const { id, title, kind } = variable;
  const note = kind === "composite" ? "RGB" : formatUnits(variable.units);
  return h("li", {},
    h("button", {
      type: "button",
      className: "choice",
      title: id,
      "aria-current": isChosen ? "true" : null,
      onclick: () => !isChosen && store.set(showOnly(store.get(), activeOf(store.get())?.dataset ?? "", id)),
    },
      h("span", { className: "choice-title" }, title || id),
      h("span", { className: "choice-note" }, note),
    ),
  );
}
