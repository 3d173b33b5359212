/** The variables and composites of the dataset; one is shown, or laid on top. */
import { h, icon, iconButton } from "../lib/dom.js";
import { formatUnits } from "../lib/number.js";
import { addLayer, showOnly } from "../lib/layers.js";
import { activeOf, detailOf } from "../lib/select.js";
import { t } from "../lib/text.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Variable} Variable */

const FILTER_FROM = 12;

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountVariables(element, store) {
  const list = h("ul", { className: "choices is-compact" });
  const filter = h("input", { type: "search", className: "field", placeholder: t("data.findVariable"), "aria-label": t("data.findVariable"), hidden: true });
  const editor = h("div", { className: "expression" });
  const create = h("button", { type: "button", className: "button is-quiet", "aria-expanded": "false" }, icon("function"), t("data.newExpression"));
  create.addEventListener("click", () => void openEditor(editor, create, store));
  element.append(filter, list, create, editor);
  let drawn = "";
  const show = () => {
    const state = store.get();
    const layer = activeOf(state);
    const detail = detailOf(state, layer);
    const key = JSON.stringify([layer?.dataset, layer?.variable, Boolean(detail), detail ? 0 : state.busy, filter.value]);
    if (key === drawn) return;
    drawn = key;
    create.hidden = !detail?.variables.some(({ kind }) => kind === "variable");
    filter.hidden = (detail?.variables.length ?? 0) < FILTER_FROM;
    element.closest("section")?.toggleAttribute("hidden", !detail && !state.busy);
    if (!detail) return list.replaceChildren(...(state.busy ? [h("li", { className: "skeleton" })] : []));
    if (!detail.variables.length) return list.replaceChildren(h("li", { className: "empty" }, t("data.noVariable")));
    const wanted = filter.hidden ? "" : filter.value.trim().toLowerCase();
    const found = detail.variables.filter(({ id, title }) => `${id} ${title ?? ""}`.toLowerCase().includes(wanted));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest("#variables button[data-key]"))?.dataset.key;
    list.replaceChildren(...found.map((variable) => row(variable, detail.id, !layer?.expression && variable.id === layer?.variable, store)));
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
  };
  filter.addEventListener("input", show);
  const stop = store.subscribe(["layers", "active", "details", "busy"], show);
  return () => {
    stop();
    element.replaceChildren();
  };
}

/** @param {HTMLElement} editor @param {HTMLElement} button @param {Store} store */
async function openEditor(editor, button, store) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) return editor.replaceChildren();
  const { mountExpression } = await import("./expression.js");
  mountExpression(editor, store, () => {
    editor.replaceChildren();
    button.setAttribute("aria-expanded", "false");
    button.focus();
  });
}

/** @param {Variable} variable @param {string} dataset @param {boolean} isChosen @param {Store} store */
function row(variable, dataset, isChosen, store) {
  const { id, title, kind } = variable;
  const note = kind === "composite" ? "RGB" : formatUnits(variable.units);
  const add = iconButton("plus", t("data.add", { title: title || id }), () => store.set(addLayer(store.get(), { dataset, variable: id })));
  add.dataset.key = `add ${id}`;
  return h("li", { className: "variable" },
    h("button", {
      type: "button",
      className: "choice",
      title: id,
      "data-key": id,
      "aria-current": isChosen ? "true" : null,
      onclick: () => !isChosen && store.set(showOnly(store.get(), dataset, id)),
    },
      h("span", { className: "choice-title" }, title || id),
      h("span", { className: "choice-note" }, note)),
    add,
  );
}
