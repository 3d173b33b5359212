/** Zoom, fit, theme, link, and the way to the API. */
import { h, icon, iconButton } from "../lib/dom.js";
import { isDark } from "./theme.js";

const COPIED_MS = 1600;

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountTools(element, store) {
  const map = /** @type {HTMLElement} */ (document.getElementById("map"));
  const zoom = (/** @type {number} */ detail) => map.dispatchEvent(new CustomEvent("view:zoom", { detail }));
  const copy = iconButton("link", "Copy a link to this view", () => void copyLink(copy));
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

/** @param {HTMLElement} button */
async function copyLink(button) {
  const before = button.title;
  try {
    await navigator.clipboard.writeText(location.href);
    button.dataset.tip = "Link copied";
  } catch {
    button.dataset.tip = "Copy the address bar";
  }
  setTimeout(() => {
    delete button.dataset.tip;
    button.title = before;
  }, COPIED_MS);
}
