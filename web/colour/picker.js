/** The list of colormaps in families, each with its colours: own ones first, then those used last. */
import { getJson } from "../api.js";
import { h, iconButton } from "../lib/dom.js";
import { t, TEXTS } from "../lib/text.js";
import { attempt } from "../session.js";
import { activeStyle, chooseColormap } from "./active.js";
import { createBar } from "./bar.js";
import { parseOwn } from "./own.js";
import { dropOwn, noteUse, readShelf } from "./shelf.js";
import { keepTables, tableOf, tables } from "./tables.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Colormap} Colormap */

let hasAll = false;

/** All tables by one request, so that choosing among them needs none. @param {Store} store */
async function loadAll(store) {
  if (hasAll) return;
  hasAll = true;
  const { signal } = new AbortController();
  await attempt(store, signal, async () => {
    hasAll = false;
    keepTables((await getJson("colormaps?colors=true", signal)).colormaps);
    hasAll = true;
  }, () => void loadAll(store));
}

/** @param {HTMLElement} picker @param {Store} store @param {() => void} close */
export function fillPicker(picker, store, close) {
  const search = h("input", { type: "search", className: "field", placeholder: t("colour.find"), "aria-label": t("colour.find") });
  const list = h("div", { className: "picker-list", role: "listbox", "aria-label": t("colour.list"), tabIndex: -1 });
  const show = () => {
    if (picker.isConnected) list.replaceChildren(...groups(store, search.value, pick, show));
  };
  /** @param {string} colormap a name or JSON */
  const pick = (colormap) => {
    chooseColormap(store, colormap);
    if (!parseOwn(colormap)) noteUse(colormap);
    for (const option of list.querySelectorAll("[role=option]")) {
      option.setAttribute("aria-selected", String(/** @type {HTMLElement} */ (option).dataset.colormap === colormap));
    }
  };
  search.addEventListener("input", show);
  picker.onkeydown = (event) => moveInList(event, picker, close);
  picker.replaceChildren(search, list);
  show();
  tables.addEventListener("change", show, { once: true });
  void loadAll(store);
  list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  search.focus({ preventScroll: true });
}

/** @param {Store} store @param {string} wanted @param {(colormap: string) => void} pick @param {() => void} changed */
function groups(store, wanted, pick, changed) {
  const text = wanted.trim().toLowerCase();
  const chosen = activeStyle(store.get())?.colormap ?? "";
  const { own, recent } = readShelf();
  const fits = (/** @type {string} */ words) => words.toLowerCase().includes(text);
  const all = store.get().colormaps;
  const listed = all.filter(({ name, title, family, category }) => fits(`${name} ${title ?? ""} ${family} ${category}`));
  const last = text ? [] : recent.flatMap((name) => all.filter((one) => one.name === name));
  const parts = [
    group(t("colour.ownOnes"), own.filter(({ name }) => fits(name)).map((kept) => ownOption(kept, chosen, pick, changed))),
    group(t("colour.recent"), last.map((one) => option(one, chosen, pick))),
    ...families(listed).map(([family, ones]) => group(family, ones.map((one) => option(one, chosen, pick)))),
  ].filter((part) => part !== null);
  return parts.length ? parts : [h("p", { className: "empty" }, t("colour.none", { name: wanted }))];
}

/** Those of a subject by its name, matplotlib's by their kind. @param {Colormap[]} colormaps @returns {[string, Colormap[]][]} */
function families(colormaps) {
  /** @type {Map<string, Colormap[]>} */
  const found = new Map();
  for (const one of colormaps) {
    const family = one.family === "matplotlib" ? `${named(one.category)} (matplotlib)` : named(one.family);
    found.set(family, [...(found.get(family) ?? []), one]);
  }
  return [...found].sort(([a], [b]) => Number(a.endsWith(")")) - Number(b.endsWith(")")) || a.localeCompare(b));
}

/** A family in the language of the page; the operator's are called as they are. @param {string} family */
function named(family) {
  const key = `colour.family.${family.replaceAll(" ", "_")}`;
  return key in TEXTS ? t(/** @type {import("../lib/text.js").TextKey} */ (key)) : family;
}

/** @param {string} title @param {Node[]} options */
function group(title, options) {
  return options.length ? h("div", { role: "group", "aria-label": title }, h("h3", { "aria-hidden": "true" }, title), ...options) : null;
}

/** @param {Colormap} colormap @param {string} chosen @param {(name: string) => void} pick */
function option({ name, title }, chosen, pick) {
  const isChosen = chosen.replace(/_r$/, "") === name;
  const lut = tableOf(name, false)?.lut ?? new Uint8Array(4);
  return row(name, title || name, lut, isChosen, () => pick(name));
}

/** @param {import("./shelf.js").Kept} kept @param {string} chosen @param {(colormap: string) => void} pick @param {() => void} changed */
function ownOption({ name, colormap }, chosen, pick, changed) {
  const own = parseOwn(colormap);
  const colors = own?.kind === "ramp" ? own.lut : Uint8Array.from(own?.entries.flatMap(({ color }) => [1, 3, 5, 7].map((at) => parseInt(color.slice(at, at + 2) || "ff", 16))) ?? [0, 0, 0, 0]);
  return h("div", { className: "ramp-row" }, row(colormap, name, colors, chosen === colormap, () => pick(colormap)),
    iconButton("close", t("colour.forget", { name }), () => {
      dropOwn(name);
      changed();
    }));
}

/** @param {string} colormap @param {string} title @param {Uint8Array} table @param {boolean} isChosen @param {() => void} onclick */
function row(colormap, title, table, isChosen, onclick) {
  const button = h("button", { type: "button", role: "option", className: "ramp-option", title: colormap, "aria-selected": String(isChosen), onclick },
    createBar(table, "ramp"), h("span", {}, title));
  button.dataset.colormap = colormap;
  return button;
}

/** @param {KeyboardEvent} event @param {HTMLElement} picker @param {() => void} close */
function moveInList(event, picker, close) {
  if (event.key === "Escape") {
    event.stopPropagation();
    return close();
  }
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = /** @type {HTMLElement[]} */ ([...picker.querySelectorAll("input, [role=option]")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  items[Math.max(0, Math.min(items.length - 1, at + step))]?.focus();
}
