/** What the server knows, as JSON. */

import { askWell } from "./ask.js";
import { path } from "./lib/address.js";

export { ApiError, explain, isAbort } from "./ask.js";

/** @typedef {import("./types.js").Detail} Detail */
/** @typedef {import("./types.js").Summary} Summary */

const PAGE = 10_000;
const MOST_PAGES = 50;

/**
 * @param {string} address @param {AbortSignal} signal
 * @param {RequestCache} [cache] `no-cache` where what the browser keeps may be old
 * @returns {Promise<any>}
 * @throws {import("./ask.js").ApiError} with the `detail` of the server
 */
export async function getJson(address, signal, cache = "default") {
  return (await askWell(address, { signal, cache })).json();
}

/**
 * All pages of a listing. Only the query of a `next` link is used: its host may be a proxy's inside.
 * @param {string} address @param {string} key of the items @param {AbortSignal} signal @param {RequestCache} [cache]
 * @returns {Promise<any[]>}
 */
async function getPages(address, key, signal, cache) {
  const items = [];
  const path = address.split("?")[0];
  /** @type {string | null} */
  let next = address;
  for (let page = 0; next && page < MOST_PAGES; page++) {
    const answer = await getJson(next, signal, cache);
    items.push(...answer[key]);
    next = answer.next ? path + new URL(answer.next, document.baseURI).search : null;
  }
  return items;
}

/** @param {AbortSignal} signal @param {RequestCache} [cache] @returns {Promise<Summary[]>} */
export const getDatasets = (signal, cache) => getPages("datasets", "datasets", signal, cache);

/** @param {string} id @param {AbortSignal} signal @param {RequestCache} [cache] @returns {Promise<Detail>} */
export const getDetail = (id, signal, cache) => getJson(`datasets/${path(id)}`, signal, cache);

/** The steps of an axis of time. @param {string} id @param {string} dimension @param {AbortSignal} signal @param {RequestCache} [cache] @returns {Promise<string[]>} */
export const getAxis = (id, dimension, signal, cache) =>
  getPages(`datasets/${path(id)}/dimensions/${path(dimension)}?limit=${PAGE}`, "values", signal, cache);

/** @param {AbortSignal} signal @returns {Promise<import("./types.js").Colormap[]>} */
export const getColormaps = async (signal) => (await getJson("colormaps", signal)).colormaps;

/** @param {AbortSignal} signal @returns {Promise<import("./types.js").Config>} */
export const getConfig = async (signal) => (await askWell("viewer", { signal }, "")).json(); // the same for all
