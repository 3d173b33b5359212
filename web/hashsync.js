/** Keeps the URL's hash and the state equal. */
import { DEFAULTS, decodeHash, encodeHash } from "./lib/hash.js";

const QUIET_MS = 150;

/**
 * @param {import("./types.js").Store} store
 * @returns {() => void} stop
 */
export function syncHash(store) {
  let timer = 0;
  const write = () => {
    const hash = `#${encodeHash(store.get())}`;
    if (hash === (location.hash || "#")) return;
    // Another dataset or variable is a place to come back to; a pan or a step of time is not.
    const [now, then] = [store.get(), decodeHash(location.hash)];
    const isNewPlace = then.dataset && (now.dataset !== then.dataset || now.variable !== (then.variable ?? now.variable));
    history[isNewPlace ? "pushState" : "replaceState"](null, "", hash);
  };
  const read = () => {
    clearTimeout(timer);
    const link = decodeHash(location.hash);
    link.dataset ??= store.get().datasets?.find(({ status }) => status === "ready")?.id ?? null;
    const isOther = link.dataset !== store.get().dataset;
    store.set(isOther ? { ...link, detail: null, times: [], playing: false } : link);
  };
  const keys = /** @type {(keyof import("./types.js").Link)[]} */ (Object.keys(DEFAULTS));
  const stop = store.subscribe(keys, () => {
    clearTimeout(timer);
    timer = window.setTimeout(write, QUIET_MS);
  });
  window.addEventListener("hashchange", read);
  window.addEventListener("popstate", read);
  return () => {
    stop();
    clearTimeout(timer);
    window.removeEventListener("hashchange", read);
    window.removeEventListener("popstate", read);
  };
}
