/** Zoom, fit, theme, link, and the way to the API. */
import { h, icon, iconButton } from "../lib/dom.js";
import { copyBy } from "./clipboard.js";
import { isDark } from "./theme.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountTools(element, store) {
  const map = /** @type {HTMLElement} */ (document.getElementById("map"));
  const zoom = (/** @type {number} */ detail) => map.dispatchEvent(new CustomEvent("view:zoom", { detail }));
  const copy = iconButton("link", "Copy a link to this view", () =>
    void copyBy(copy, location.href, "Link copied", "Copy the address bar"));
  element.append(
    h("div", { className: "card tool-group" },
      iconButton("plus", "Zoom in", () => zoom(1)),
      iconButton("minus", "Zoom out", () => zoom(-1)),
      iconButton("fit", "Show the whole dataset", () => map.dispatchEvent(new CustomEvent("view:fit"))),
    ),
    h("div", { className: "card tool-group" },
      iconButton("theme", "Light or dark", () => store.set({ theme: isDark(store.get().theme) ? "light" : "dark" })),
      copy,
      h("a", { className: "icon-button", href: "docs", title: "API reference", "aria-label": "API reference" }, icon("book")),
    ),
  );
  return () => element.replaceChildren();
}
