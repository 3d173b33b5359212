/** The active layer's style, and changes of it. */
import { patchLayer } from "../lib/layers.js";
import { activeOf, styleOf, variableOf } from "../lib/select.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */

/** @param {Store} store @param {Partial<import("../types.js").Layer>} patch */
export function patchActive(store, patch) {
  const layer = activeOf(store.get());
  if (layer) store.set(patchLayer(store.get(), layer.id, patch));
}

/** @param {State} state null while nothing is shown */
export function activeStyle(state) {
  const layer = activeOf(state);
  const variable = variableOf(state, layer);
  return layer && variable ? { layer, variable, usual: variable.style, ...styleOf(state, layer) } : null;
}

/** @param {Store} store @param {string} colormap a name or JSON; the usual one is no choice */
export function chooseColormap(store, colormap) {
  const usual = activeStyle(store.get())?.usual.colormap_name;
  patchActive(store, { colormap: colormap === usual ? null : colormap });
}
