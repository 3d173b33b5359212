/** The server's answers. Every address is relative to the page, so a path prefix does no harm. */

import { path } from "./lib/address.js";
import { t } from "./lib/text.js";

/** @typedef {import("./types.js").Detail} Detail */
/** @typedef {import("./types.js").Summary} Summary */

const PAGE = 10_000;
const MOST_PAGES = 50;

/** An answer that is no success, in the server's own words. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 where there was no answer */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {string} address @param {AbortSignal} signal
 * @param {RequestCache} [cache] `no-cache` where what the browser keeps may be old
 * @returns {Promise<any>}
 * @throws {ApiError} with the `detail` of the server
 */
export async function getJson(address, signal, cache = "default") {
  const response = await request(address, signal, cache);
  if (!response.ok) throw new ApiError(await explain(response), response.status);
  return response.json();
}

/** @param {string} address @param {AbortSignal} signal @param {RequestCache} cache */
async function request(address, signal, cache) {
  try {
    return await fetch(new URL(address, document.baseURI), { signal, cache });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError(t("shell.noAnswer"), 0);
  }
}

/** @param {Response} response not ok @returns {Promise<string>} */
export async function explain(response) {
  try {
    const problem = await response.json();
    if (typeof problem.detail === "string") return problem.detail;
  } catch {
    // Not the server's own JSON: a proxy in between answered.
  }
  return t("shell.answered", { status: response.status, text: response.statusText }).trim();
}

/** Whether an error only says that the answer is no longer wanted. @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
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

/** @param {AbortSignal} signal @returns {Promise<Summary[]>} */
export const getDatasets = (signal) => getPages("datasets", "datasets", signal);

/** @param {string} id @param {AbortSignal} signal @param {RequestCache} [cache] @returns {Promise<Detail>} */
export const getDetail = (id, signal, cache) => getJson(`datasets/${path(id)}`, signal, cache);

/** The steps of an axis of time. @param {string} id @param {string} dimension @param {AbortSignal} signal @param {RequestCache} [cache] @returns {Promise<string[]>} */
export const getAxis = (id, dimension, signal, cache) =>
  getPages(`datasets/${path(id)}/dimensions/${path(dimension)}?limit=${PAGE}`, "values", signal, cache);

/** @param {AbortSignal} signal @returns {Promise<import("./types.js").Colormap[]>} */
export const getColormaps = async (signal) => (await getJson("colormaps", signal)).colormaps;

/** @param {AbortSignal} signal @returns {Promise<import("./types.js").Config>} */
export const getConfig = (signal) => getJson("viewer", signal);
