/** The stack of layers, the highest first: order, visibility, opacity; a click makes one active. */
import { h, icon, iconButton } from "../lib/dom.js";
import { moveLayer, patchLayer, removeLayer } from "../lib/layers.js";
import { activeOf, detailOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { followDrag } from "./drag.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").State} State */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountLayers(element, store) {
  const list = h("ol", { className: "layers" });
  const add = h("button", { type: "button", className: "button is-quiet", onclick: () => document.getElementById("panel")?.dispatchEvent(new CustomEvent("panel:show", { detail: "data" })) },
    icon("plus"), t("data.addLayer"));
  element.append(h("section", { className: "panel-section", "aria-label": t("data.layers") }, h("h2", {}, t("data.layers")), list, add));
  let drawn = "";
  const stop = store.subscribe(["layers", "active", "details"], (state) => {
    // What a slider or a checkbox changes is in it already: a row under the finger is not made anew.
    const key = JSON.stringify([state.active, Object.keys(state.details), state.layers.map(({ id, dataset, variable, expression, visible }) => [id, dataset, variable, expression, visible])]);
    if (key === drawn) return;
    drawn = key;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest(".layers [data-key]"))?.dataset.key;
    list.replaceChildren(...[...state.layers].reverse().map((layer) => row(layer, state, store)));
    if (!state.layers.length) list.replaceChildren(h("li", { className: "empty" }, t("data.noLayers")));
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
  });
  const stopDrag = followDrag(list, (id, by) => store.set(moveLayer(store.get(), id, by)));
  return () => {
    stop();
    stopDrag();
    element.replaceChildren();
  };
}

/** @param {Layer} layer @param {State} state @param {Store} store */
function row(layer, state, store) {
  const { id, visible } = layer;
  const [detail, variable] = [detailOf(state, layer), variableOf(state, layer)];
  const title = variable?.title || variable?.id || layer.variable || layer.dataset;
  const isActive = activeOf(state)?.id === id;
  const eye = iconButton(visible ? "eye" : "eyeOff", t(visible ? "data.hide" : "data.reveal", { title }), () => store.set(patchLayer(store.get(), id, { visible: !visible })));
  eye.setAttribute("aria-pressed", String(visible));
  const remove = iconButton("close", t("data.remove", { title }), () => store.set(removeLayer(store.get(), id)));
  const grip = h("button", { type: "button", className: "icon-button layer-grip", title: t("data.move"), "aria-label": t("data.moveLayer", { title }) }, icon("grip"));
  const choose = h("button", { type: "button", className: "choice", "aria-current": isActive ? "true" : null, onclick: () => store.set({ active: id }) },
    h("span", { className: "choice-title" }, title),
    h("span", { className: "choice-note" }, detail?.title || layer.dataset));
  for (const [name, part] of Object.entries({ eye, remove, grip, choose })) part.dataset.key = `${name} ${id}`;
  return h("li", { className: `layer${isActive ? " is-active" : ""}${visible ? "" : " is-hidden"}`, "data-layer": id },
    h("div", { className: "layer-head" }, grip, eye, choose, remove),
    opacity(layer, title, store));
}

/** @param {Layer} layer @param {string} title @param {Store} store */
function opacity({ id, opacity: value }, title, store) {
  const output = h("output");
  const input = h("input", { type: "range", min: "0", max: "100", step: "5", value: String(Math.round(value * 100)), "aria-label": t("data.opacityOf", { title }) });
  const show = () => {
    output.textContent = `${input.value} %`;
    input.style.setProperty("--filled", `${input.value}%`);
  };
  input.dataset.key = `opacity ${id}`;
  input.addEventListener("input", () => {
    show();
    store.set(patchLayer(store.get(), id, { opacity: input.valueAsNumber / 100 }));
  });
  show();
  return h("div", { className: "range layer-opacity" }, h("span", { className: "muted" }, t("data.opacity")), input, output);
}
