/** Which part fills which slot of the page. What is seen at first is imported at once, the rest when it is opened. */
import { mountPlaces } from "../analysis/tool.js";
import { mountLegend } from "../colour/legend.js";
import { mountStyle } from "../colour/styling.js";
import { mountCompareControl } from "../compare/control.js";
import { firstSide } from "../compare/stores.js";
import { mountDatasets } from "../data/dataset.js";
import { mountDimensions } from "../data/dimension.js";
import { mountVariables } from "../data/variable.js";
import { mountExport } from "../export/button.js";
import { mountMap } from "../map/map.js";
import { mountTimebar } from "../time/timebar.js";

/** @typedef {(element: HTMLElement, store: import("../types.js").Store) => () => void} Mount */
/** @typedef {() => Promise<Mount>} Later */

/** @type {Record<string, Mount>} */
const AT_ONCE = {
  // One side of two, where maps are compared.
  map: (element, store) => mountMap(element, firstSide(store), store),
  timebar: mountTimebar,
  legend: mountLegend,
  datasets: mountDatasets,
  variables: mountVariables,
  dimensions: mountDimensions,
  style: mountStyle,
  "tools-draw": mountPlaces,
  "tools-compare": mountCompareControl,
  "tools-export": mountExport,
};

/** @type {Record<string, Later>} */
const LATER = {
  compare: async () => (await import("../compare/compare.js")).mountCompare,
};

/** By the tab of the panel that they are in: mounted when it is first opened. @type {Record<string, Record<string, Later>>} */
const IN_TABS = {
  layers: { layers: async () => (await import("../data/layers.js")).mountLayers },
  info: { info: async () => (await import("../data/info.js")).mountInfo },
};

/**
 * Fills the slots within an element. A part that fails leaves its slot empty, and the others as they are.
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function fillSlots(element, store) {
  const atOnce = Object.entries(AT_ONCE).map(([id, mount]) => fill(element, id, async () => mount, store));
  const later = Object.entries(LATER).map(([id, load]) => fill(element, id, load, store));
  const stops = [...atOnce, ...later];
  return () => stops.forEach((stop) => void stop.then((unmount) => unmount()));
}

/** @param {HTMLElement} element @param {import("../types.js").Store} store @param {string} tab */
export function fillTab(element, store, tab) {
  return Object.entries(IN_TABS[tab] ?? {}).map(([id, load]) => fill(element, id, load, store));
}

/** @param {HTMLElement} element @param {string} id @param {Later} load @param {import("../types.js").Store} store */
async function fill(element, id, load, store) {
  const slot = /** @type {HTMLElement | null} */ (element.querySelector(`#${id}`));
  if (!slot) return () => {};
  try {
    return (await load())(slot, store);
  } catch (error) {
    console.error(`${id}:`, error);
    return () => {};
  }
}
