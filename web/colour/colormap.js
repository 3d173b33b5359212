/** The colour map: a button with its picture, and a list of all to choose from. */
import { h, icon, iconButton } from "../lib/dom.js";
import { query } from "../lib/address.js";
import { patchLayer } from "../lib/layers.js";
import { activeOf, variableOf } from "../lib/select.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Colormap} Colormap */

const REVERSED = "_r";

/** @param {State} state */
function chosenOf(state) {
  const layer = activeOf(state);
  return layer?.colormap ?? variableOf(state, layer)?.style.colormap_name ?? "viridis";
}

/** @param {string} name @param {number} width */
function preview(name, width) {
  const src = `colormaps/${encodeURIComponent(name)}.png?${query([["width", width], ["height", 12]])}`;
  return h("img", { className: "ramp", src, alt: "", loading: "lazy", width, height: 12 });
}

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountColormap(element, store) {
  const button = h("button", { type: "button", className: "field ramp-button", "aria-haspopup": "listbox", "aria-expanded": "false" });
  const flip = iconButton("reverse", "Reverse the colours", () => {
    const name = chosenOf(store.get());
    choose(name.endsWith(REVERSED) ? name.slice(0, -REVERSED.length) : name + REVERSED);
  });
  const picker = h("div", { className: "picker", hidden: true });
  element.append(h("div", { className: "labelled" }, h("span", {}, "Colours"), h("div", { className: "range" }, button, flip)), picker);

  /** @param {string} name */
  function choose(name) {
    const state = store.get();
    const layer = activeOf(state);
    const usual = variableOf(state, layer)?.style.colormap_name;
    if (layer) store.set(patchLayer(state, layer.id, { colormap: name === usual ? null : name }));
  }
  /** @param {boolean} open */
  function toggle(open) {
    picker.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) fillPicker(picker, store.get(), choose, () => toggle(false));
    else if (picker.contains(document.activeElement)) button.focus();
  }
  button.addEventListener("click", () => toggle(Boolean(picker.hidden)));
  const away = (/** @type {PointerEvent} */ event) => {
    if (!picker.hidden && !element.contains(/** @type {Node} */ (event.target))) toggle(false);
  };
  document.addEventListener("pointerdown", away);
  const stop = store.subscribe(["layers", "active", "details"], (state) => {
    const name = chosenOf(state);
    if (button.dataset.name === name) return;
    button.dataset.name = name;
    button.replaceChildren(preview(name, 120), h("span", {}, name), icon("chevron"));
    button.setAttribute("aria-label", `Colours: ${name}`);
  });
  return () => {
    stop();
    document.removeEventListener("pointerdown", away);
  };
}

/**
 * @param {HTMLElement} picker @param {State} state
 * @param {(name: string) => void} choose @param {() => void} close
 */
function fillPicker(picker, state, choose, close) {
  const search = h("input", { type: "search", className: "field", placeholder: "Find a colour map", "aria-label": "Find a colour map" });
  const list = h("div", { className: "picker-list", role: "listbox", "aria-label": "Colour maps" });
  const chosen = chosenOf(state);
  const pick = (/** @type {string} */ name) => {
    choose(name);
    close();
  };
  const show = () => list.replaceChildren(...groups(state.colormaps, search.value, chosen, pick));
  search.addEventListener("input", show);
  picker.onkeydown = (event) => moveInList(event, picker, close);
  show();
  picker.replaceChildren(search, list);
  list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "center" });
  search.focus({ preventScroll: true });
}

/** @param {Colormap[]} colormaps @param {string} wanted @param {string} chosen @param {(name: string) => void} pick */
function groups(colormaps, wanted, chosen, pick) {
  const text = wanted.trim().toLowerCase();
  const found = colormaps.filter(({ name, title, category }) =>
    !name.endsWith(REVERSED) && `${name} ${title ?? ""} ${category}`.toLowerCase().includes(text));
  if (!found.length) return [h("p", { className: "empty" }, "No colour map is called so.")];
  return [...new Set(found.map(({ category }) => category))].map((category) =>
    h("div", { role: "group", "aria-label": category },
      h("h3", {}, category),
      ...found.filter((one) => one.category === category).map((one) => option(one, chosen, pick))),
  );
}

/** @param {Colormap} colormap @param {string} chosen @param {(name: string) => void} pick */
function option({ name, title }, chosen, pick) {
  const isChosen = chosen.replace(/_r$/, "") === name;
  return h("button", { type: "button", role: "option", className: "ramp-option", title: title ?? name, "aria-selected": String(isChosen), onclick: () => pick(name) },
    preview(name, 96), h("span", {}, name));
}

/** @param {KeyboardEvent} event @param {HTMLElement} picker @param {() => void} close */
function moveInList(event, picker, close) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    event.stopPropagation();
    close();
  }
  if (!step) return;
  event.preventDefault();
  const items = /** @type {HTMLElement[]} */ ([...picker.querySelectorAll("input, [role=option]")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  items[Math.max(0, Math.min(items.length - 1, at + step))]?.focus();
}
