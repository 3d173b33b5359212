/** Changes of the stack of layers, as patches of the state. Pure. */

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {Pick<State, "layers" | "active">} Stack */

/** A layer as its server draws it. @type {Layer} */
export const PLAIN = {
  id: "", dataset: "", variable: null, expression: null, time: null, dims: {},
  colormap: null, rescale: null, scale: null, opacity: 1, visible: true,
};

/** An id that no layer or place has. @param {{id: string}[]} items */
export function freeId(items) {
  const taken = items.map(({ id }) => Number(id)).filter(Number.isFinite);
  return String(1 + Math.max(0, ...taken));
}

/** @param {Stack} state @param {string} id @param {Partial<Layer>} patch @returns {Stack} */
export function patchLayer({ layers, active }, id, patch) {
  return { layers: layers.map((layer) => (layer.id === id ? { ...layer, ...patch } : layer)), active };
}

/** On top, and active. @param {Stack} state @param {Partial<Layer>} layer @returns {Stack} */
export function addLayer({ layers }, layer) {
  const id = freeId(layers);
  return { layers: [...layers, { ...PLAIN, ...layer, id }], active: id };
}

/** The layer below, or above, is active next. @param {Stack} state @param {string} id @returns {Stack} */
export function removeLayer({ layers, active }, id) {
  const index = layers.findIndex((layer) => layer.id === id);
  const left = layers.filter((layer) => layer.id !== id);
  return { layers: left, active: active === id ? (left[Math.max(0, index - 1)]?.id ?? null) : active };
}

/** @param {Stack} state @param {string} id @param {number} by how many layers up @returns {Stack} */
export function moveLayer({ layers, active }, id, by) {
  const from = layers.findIndex((layer) => layer.id === id);
  const to = Math.min(layers.length - 1, Math.max(0, from + by));
  if (from < 0 || from === to) return { layers, active };
  const others = layers.filter((layer) => layer.id !== id);
  return { layers: [...others.slice(0, to), layers[from], ...others.slice(to)], active };
}

/**
 * Another variable in place of the active layer; on its own, where there is none.
 * @param {Stack} state @param {string} dataset @param {string | null} [variable]
 * @returns {Stack}
 */
export function showOnly(state, dataset, variable = null) {
  const { layers, active } = state;
  const now = layers.find(({ id }) => id === active);
  if (!now) return addLayer(state, { dataset, variable });
  const { opacity } = now;
  return patchLayer(state, now.id, { ...PLAIN, id: now.id, dataset, variable, opacity });
}

/**
 * Another time for what is active: of the layer itself where it has its own, else of all.
 * @param {Pick<State, "layers" | "active">} state @param {string | null} time
 * @returns {Partial<State>}
 */
export function setTime(state, time) {
  const layer = state.layers.find(({ id }) => id === state.active);
  return layer?.time ? patchLayer(state, layer.id, { time }) : { time };
}
