/** Keeps the URL's hash and the state equal. */
import { DEFAULTS, decodeHash, encodeHash } from "./lib/hash.js";

/** @typedef {import("./types.js").Link} Link */

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
    const isNew = isNewPlace(decodeHash(location.hash), store.get());
    history[isNew ? "pushState" : "replaceState"](null, "", hash);
  };
  const read = () => {
    clearTimeout(timer);
    const link = decodeHash(location.hash);
    // A page never empties itself: a link without layers keeps those that are shown.
    const { layers, active } = store.get();
    store.set(link.layers.length ? link : { ...link, layers, active });
  };
  const keys = /** @type {(keyof Link)[]} */ (Object.keys(DEFAULTS));
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

/** Other data, or another way to see them, is a place to come back to; a pan or a step of time is not. @param {Link} then @param {Link} now */
function isNewPlace(then, now) {
  const shown = (/** @type {Link} */ { layers }) => layers.map(({ dataset, variable, expression }) => [dataset, variable, expression].join()).join(";");
  const isNamed = then.layers.length > 0 && then.layers.every(({ variable }) => variable);
  return isNamed && (shown(then) !== shown(now) || then.mode !== now.mode);
}
