/** Light or dark: the system's, unless chosen. Canvases hear of it by the event `themechange`. */

const DARK = window.matchMedia("(prefers-color-scheme: dark)");

/** @param {import("../types.js").State["theme"]} theme */
export function isDark(theme) {
  return theme ? theme === "dark" : DARK.matches;
}

/**
 * @param {HTMLElement} root @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountTheme(root, store) {
  const show = () => {
    root.dataset.theme = isDark(store.get().theme) ? "dark" : "light";
    window.dispatchEvent(new Event("themechange"));
  };
  DARK.addEventListener("change", show);
  const stop = store.subscribe(["theme"], show);
  return () => {
    stop();
    DARK.removeEventListener("change", show);
  };
}
