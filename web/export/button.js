/** The button that opens the window of pictures and animations. */
import { iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountExport(element, store) {
  const button = iconButton("download", t("export.title"), async () => {
    button.disabled = true;
    try {
      (await import("./window.js")).openExport(store);
    } finally {
      button.disabled = false;
    }
  });
  button.setAttribute("aria-haspopup", "dialog");
  element.append(button);
  const stop = store.subscribe(["layers", "mode"], ({ layers, mode }) => {
    // What is seen on the globe and the cube is not what a picture of the map shows.
    button.hidden = mode !== "map" || !layers.length;
  });
  return () => {
    stop();
    button.remove();
  };
}
