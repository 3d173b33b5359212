/** How the active layer is coloured: by a colour table over a range on a scale, or by classes. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { activeStyle, patchActive } from "./active.js";
import { classesOf } from "./classes.js";
import { mountClasses } from "./classlist.js";
import { mountColormap } from "./colormap.js";
import { parseOwn } from "./own.js";
import { mountRange } from "./range.js";
import { isPossible } from "./scale.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Scale} Scale */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountStyle(element, store) {
  const [colormap, classes, range, scale] = [h("div"), h("div"), h("div"), h("div")];
  element.classList.add("styling");
  element.append(colormap, classes, range, scale);
  const stops = [
    mountColormap(colormap, store),
    mountClasses(classes, store),
    mountRange(range, store),
    mountScale(scale, store),
    store.subscribe(["layers", "active", "details"], (state) => {
      const now = activeStyle(state);
      const isPicture = !now || now.variable.kind === "composite";
      const isClassed = Boolean(now && classesOf(now.colormap, now.categories));
      const isStepped = Boolean(now && parseOwn(now.colormap)?.kind === "steps");
      classes.hidden = isPicture || !isClassed;
      colormap.hidden = isPicture;
      range.hidden = !now || isClassed || isStepped;
      scale.hidden = isPicture || isClassed || isStepped;
    }),
  ];
  return () => {
    stops.forEach((stop) => stop());
    element.replaceChildren();
  };
}

/** @param {HTMLElement} element @param {Store} store */
function mountScale(element, store) {
  const select = h("select", { className: "field" },
    h("option", { value: "linear" }, t("colour.linear")),
    h("option", { value: "log" }, t("colour.log")),
    h("option", { value: "symlog" }, t("colour.symlog")),
  );
  const note = h("p", { className: "field-note", role: "status", hidden: true }, t("colour.badLog"));
  element.append(h("label", { className: "labelled" }, h("span", {}, t("colour.scale")), select), note);
  select.addEventListener("change", () => {
    const now = activeStyle(store.get());
    const wanted = /** @type {Scale} */ (select.value);
    const range = now?.rescale ? rangeFor(wanted, now.rescale) : null;
    const isFine = !now?.rescale || range !== null;
    if (isFine) patchActive(store, { scale: wanted === (now?.usual.scale ?? "linear") ? null : wanted, ...(range === now?.rescale ? {} : { rescale: range }) });
    else select.value = now?.scale ?? "linear";
    note.hidden = isFine;
  });
  return store.subscribe(["layers", "active", "details"], (state) => {
    select.value = activeStyle(state)?.scale ?? "linear";
    note.hidden = true;
  });
}

/**
 * A range that a scale can show: a logarithm has no zero, so it begins at a thousandth of the end.
 * @param {Scale} scale @param {import("../types.js").Range} range
 * @returns {import("../types.js").Range | null}
 */
function rangeFor(scale, range) {
  if (isPossible(scale, range)) return range;
  return range[1] > 0 ? [range[1] / 1000, range[1]] : null;
}
