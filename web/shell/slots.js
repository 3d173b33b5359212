/** Which part fills which slot of the page. */

/** @typedef {(element: HTMLElement, store: import("../types.js").Store) => () => void} Mount */

/** @type {Record<string, () => Promise<Mount>>} */
const SLOTS = {
  map: async () => (await import("../map/map.js")).mountMap,
  timebar: async () => (await import("../time/timebar.js")).mountTimebar,
  legend: async () => (await import("../colour/legend.js")).mountLegend,
  datasets: async () => (await import("../data/dataset.js")).mountDatasets,
  variables: async () => (await import("../data/variable.js")).mountVariables,
  dimensions: async () => (await import("../data/dimension.js")).mountDimensions,
  style: async () => (await import("../colour/styling.js")).mountStyle,
  info: async () => (await import("../data/elsewhere.js")).mountElsewhere,
};

/**
 * Fills the slots within an element. A part that fails leaves its slot empty, and the others as they are.
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function fillSlots(element, store) {
  const stops = Object.entries(SLOTS).map(async ([id, load]) => {
    const slot = /** @type {HTMLElement | null} */ (element.querySelector(`#${id}`));
    if (!slot) return () => {};
    try {
      return (await load())(slot, store);
    } catch (error) {
      console.error(`${id}:`, error);
      return () => {};
    }
  });
  return () => stops.forEach((stop) => void stop.then((unmount) => unmount()));
}
