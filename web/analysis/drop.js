/** Files of places that are dropped anywhere on the page. */

/** @typedef {import("../types.js").Store} Store */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountDrop(element, store) {
  const controller = new AbortController();
  const { signal } = controller;
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  element.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    element.classList.add("is-dropping");
  }, { signal });
  for (const name of /** @type {const} */ (["dragleave", "drop"])) {
    element.addEventListener(name, () => element.classList.remove("is-dropping"), { signal });
  }
  element.addEventListener("drop", async (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    const { readFile } = await import("./import.js");
    await readFile(file, store);
  }, { signal });
  return () => controller.abort();
}
