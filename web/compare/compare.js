/** Compares: a second map over the first, cut at a line, or beside it. Its code comes when it is first wanted. */

/** @typedef {import("../types.js").Store} Store */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountCompare(element, store) {
  /** @type {(() => void) | null} */
  let close = null;
  let isWanted = false;
  let isRestored = store.get().compare !== null;
  const show = async () => {
    const { compare, mode } = store.get();
    isWanted = compare !== null && mode === "map";
    if (!isWanted) {
      isRestored = false;
      close?.();
      close = null;
    } else if (!close) {
      close = () => {};
      const { openSecond } = await import("./second.js");
      while (isWanted && !document.querySelector("#map.leaflet-container")) await new Promise(requestAnimationFrame);
      // In the meantime it may no longer be wanted.
      if (isWanted) close = openSecond(element, store, isRestored);
      else close = null;
    }
  };
  const stop = store.subscribe(["compare", "mode"], () => void show());
  return () => {
    stop();
    close?.();
  };
}
