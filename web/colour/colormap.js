/** The colormap: a button with its colours, which opens the list of all, and ways to reverse it or to make an own one. */
import { h, icon, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { activeStyle, chooseColormap } from "./active.js";
import { createBar, fillBar } from "./bar.js";
import { reverseOwn } from "./own.js";
import { fillPicker } from "./picker.js";
import { readShelf } from "./shelf.js";
import { rampsOf, tables } from "./tables.js";

/** @typedef {import("../types.js").Store} Store */

const REVERSED = "_r";

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountColormap(element, store) {
  const strip = createBar(new Uint8Array(4), "ramp");
  const name = h("span");
  const button = h("button", { type: "button", className: "field ramp-button", "aria-haspopup": "listbox", "aria-expanded": "false" }, strip, name, icon("chevron"));
  const flip = iconButton("reverse", t("colour.reverse"), () => {
    const now = activeStyle(store.get());
    if (now) chooseColormap(store, reversed(now.colormap));
  });
  const edit = iconButton("draw", t("colour.edit"), async () => (await import("./editor.js")).openEditor(store));
  const picker = h("div", { className: "picker", hidden: true });
  element.append(h("div", { className: "labelled" }, h("span", {}, t("colour.colours")), h("div", { className: "range" }, button, flip, edit)), picker);

  /** @param {boolean} open */
  const toggle = (open) => {
    picker.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) fillPicker(picker, store, () => toggle(false));
    else if (picker.contains(document.activeElement)) button.focus();
  };
  button.addEventListener("click", () => toggle(Boolean(picker.hidden)));
  const away = (/** @type {PointerEvent} */ event) => {
    if (!picker.hidden && !element.contains(/** @type {Node} */ (event.target))) toggle(false);
  };
  document.addEventListener("pointerdown", away);
  const show = () => {
    const now = activeStyle(store.get());
    if (!now || now.variable.kind === "composite") return;
    const [ramp] = rampsOf(store.get(), now.layer) ?? [];
    if (ramp) fillBar(strip, ramp.table);
    name.textContent = nameOf(now.colormap);
    button.dataset.name = now.colormap;
    button.setAttribute("aria-label", t("colour.chosen", { name: name.textContent }));
  };
  tables.addEventListener("change", show);
  const stop = store.subscribe(["layers", "active", "details", "ranges"], show);
  return () => {
    stop();
    tables.removeEventListener("change", show);
    document.removeEventListener("pointerdown", away);
    element.replaceChildren();
  };
}

/** @param {string} colormap a name or JSON */
function nameOf(colormap) {
  if (!/^[[{]/.test(colormap)) return colormap;
  return readShelf().own.find((one) => one.colormap === colormap)?.name ?? t("colour.own");
}

/** @param {string} colormap */
function reversed(colormap) {
  if (/^[[{]/.test(colormap)) return reverseOwn(colormap);
  return colormap.endsWith(REVERSED) ? colormap.slice(0, -REVERSED.length) : colormap + REVERSED;
}
