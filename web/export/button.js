/** The button that opens the window of pictures and animations. */
import { iconButton } from "../lib/dom.js";
import { activeOf, axisOf, timeOf } from "../lib/select.js";
import { t } from "../lib/text.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountExport(element, store) {
  const button = iconButton("download", t("export.title"), async () => {
    (await import("./window.js")).openExport(store);
  });
  button.setAttribute("aria-haspopup", "dialog");
  element.append(button);
  const stop = store.subscribe(["layers", "active", "details", "axes", "mode"], (state) => {
    // What is seen on the globe and the cube is not what a picture of the map shows.
    button.hidden = state.mode !== "map" || !state.layers.length;
    // The steps of time come a moment after the first map.
    const layer = activeOf(state);
    button.disabled = timeOf(state, layer) !== null && !axisOf(state, layer).length;
  });
  return () => {
    stop();
    button.remove();
  };
}
