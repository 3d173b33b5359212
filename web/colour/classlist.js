/** The classes of a categorical layer: their colours can be changed, and each one hidden. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { activeStyle, chooseColormap, patchActive } from "./active.js";
import { classesOf, writeClasses } from "./classes.js";

/** @typedef {import("./classes.js").LayerClass} LayerClass */

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountClasses(element, store) {
  let shown = "";
  const reset = h("button", { type: "button", className: "button is-quiet", onclick: () => patchActive(store, { colormap: null }) }, t("colour.usualClasses"));
  const list = h("ul", { className: "class-list" });
  element.append(list, reset);
  const current = () => {
    const now = activeStyle(store.get());
    return (now && classesOf(now.colormap, now.categories)) ?? [];
  };
  /** @param {number} value @param {Partial<LayerClass>} patch */
  const change = (value, patch) =>
    chooseColormap(store, writeClasses(current().map((one) => (one.value === value ? { ...one, ...patch } : one))));
  return store.subscribe(["layers", "active", "details"], (state) => {
    const classes = current();
    reset.hidden = !activeStyle(state)?.layer.colormap;
    const key = classes.map(({ value, label }) => `${value}${label}`).join();
    // Rows are kept while a colour is being chosen: a new input would close the browser's picker.
    if (key !== shown) list.replaceChildren(...classes.map((one) => row(one, current, change)));
    else classes.forEach((one, i) => showRow(/** @type {HTMLElement} */ (list.children[i]), one));
    shown = key;
  });
}

/** @param {LayerClass} one @param {() => LayerClass[]} current @param {(value: number, patch: Partial<LayerClass>) => void} change */
function row({ value, label, color, isHidden }, current, change) {
  const swatch = h("input", { type: "color", value: color, "aria-label": t("colour.classColour", { label }) });
  swatch.addEventListener("input", () => change(value, { color: swatch.value }));
  const eye = iconButton(isHidden ? "eyeOff" : "eye", t("colour.seen", { label }), () =>
    change(value, { isHidden: !current().find((one) => one.value === value)?.isHidden }));
  eye.setAttribute("aria-pressed", String(!isHidden));
  return h("li", { className: isHidden ? "is-hidden" : "" }, swatch, h("span", {}, label), eye);
}

/** @param {HTMLElement} element @param {LayerClass} one */
function showRow(element, { color, isHidden }) {
  element.classList.toggle("is-hidden", isHidden);
  /** @type {HTMLInputElement} */ (element.querySelector("input")).value = color;
  element.querySelector("button")?.setAttribute("aria-pressed", String(!isHidden));
}
