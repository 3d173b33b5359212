/** The space-time cube: an area of the active layer through time, whose faces are slices. */
import { tables } from "../tile/ramps.js";
import { Cube } from "./body.js";
import { followZoom } from "./zoom.js";

/** @typedef {import("../types.js").Store} Store */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountCube(element, store) {
  const cube = new Cube(element, store);
  const stops = [
    store.subscribe(["layers", "active", "details", "axes", "block", "range", "mode", "ranges"], () => cube.refresh()),
    store.subscribe(["time"], () => cube.follow()),
    store.subscribe(["preload"], ({ preload, mode }) => mode === "cube" && store.set({ ready: preload })),
  ];
  const draw = () => cube.draw();
  tables.addEventListener("change", draw);
  const controller = new AbortController();
  const { signal } = controller;
  element.addEventListener("view:zoom", (event) => cube.nearer(/** @type {CustomEvent} */ (event).detail), { signal });
  element.addEventListener("view:fit", () => cube.nearer(0), { signal });
  const stopZoom = followZoom(cube.space, (steps) => steps && cube.nearer(steps));
  const observer = new ResizeObserver(draw);
  for (const part of [element, ...document.querySelectorAll("#timebar, #panel, #analysis")]) observer.observe(part);
  return () => {
    stops.forEach((stop) => stop());
    tables.removeEventListener("change", draw);
    observer.disconnect();
    controller.abort();
    stopZoom();
    cube.free();
  };
}
