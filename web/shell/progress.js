/** The thin line at the top of the page while anything loads. */

/** Waits shorter than this are not worth a flash. */
const PATIENCE_MS = 150;

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountProgress(element, store) {
  let timer = 0;
  const stop = store.subscribe(["busy", "loading"], ({ busy, loading }) => {
    clearTimeout(timer);
    const isBusy = busy > 0 || loading;
    timer = window.setTimeout(() => element.classList.toggle("is-busy", isBusy), isBusy ? PATIENCE_MS : 0);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
