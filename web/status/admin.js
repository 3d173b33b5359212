/** What an administrator asks of the server, and what it answers. */
import { askWell } from "../ask.js";
import { path, query } from "../lib/address.js";

/**
 * @typedef {object} Item a dataset as the status tells of it
 * @property {string} id
 * @property {string} title
 * @property {"ready" | "pending" | "error"} status
 * @property {string} [error]
 * @property {string} [trouble] why it cannot be looked at just now, while what is open is served
 * @property {string | null} looked when it was last looked at
 * @property {string | null} version
 * @property {string | null} storage
 * @property {"file" | "database"} origin
 * @property {boolean} [private]
 *
 * @typedef {object} Status
 * @property {string} version
 * @property {string} time of the server's clock
 * @property {string} started
 * @property {string} [host]
 * @property {{pid: number, worker?: number, started?: string, requests?: number, memory_bytes?: number, open_files?: number, in_flight?: number, waiting?: number, lag_ms?: number}[]} workers
 * @property {{total: number, errors: number, refused?: number, limited?: number}} requests
 * @property {{name: string, bytes?: number, limit?: number | null, items?: number, hits?: number, misses?: number}[]} caches
 * @property {{name: string, datasets?: number, requests?: number, bytes?: number, errors?: number, latency_ms?: number | null, trouble?: string | null}[]} storages
 * @property {{name: string, status: "ready" | "trouble", detail?: string | null}[]} services that are configured
 * @property {{ready: number, pending: number, error: number, total: number, items: Item[]}} datasets
 *
 * @typedef {{id: string, kind: string, status: "found" | "known" | "registered" | "failed", error?: string, config: {title?: string, url: string}}} Found
 * @typedef {{url: string, storage?: string, prefix?: string, defaults?: object}} Wish what is looked for
 * @typedef {{when: string, who: string, action: string, dataset: string | null, before: unknown, after: unknown}} Change
 * @typedef {{id: string, name: string, roles: string[], scopes: string[], expires: string | null, created: string | null}} Key
 */

/** @param {string} method @param {string} address @param {unknown} [body] @param {Record<string, string>} [headers] */
function send(method, address, body, headers = {}) {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
  return askWell(address, { method, cache: "no-store", headers, ...json });
}

/** @param {string} address @param {AbortSignal} signal */
const read = async (address, signal) => (await askWell(address, { signal, cache: "no-store" })).json();

/** @param {{q: string, status: string, limit: number}} wanted of the datasets @param {AbortSignal} signal @returns {Promise<Status>} */
export const getStatus = ({ q, status, limit }, signal) => read(`status?${query([["q", q || null], ["status", status || null], ["limit", limit]])}`, signal);

/** @param {number} limit @param {AbortSignal} signal @returns {Promise<{changes: Change[], next?: string | null}>} the latest first */
export const getChanges = (limit, signal) => read(`audit?limit=${limit}`, signal);

/** @param {AbortSignal} signal @returns {Promise<Key[]>} */
export const getKeys = async (signal) => (await read("keys", signal)).keys;

/** @param {string} id @returns {Promise<{status: string, error?: string}>} */
export const refresh = async (id) => (await send("POST", `datasets/${path(id)}/refresh`)).json();

/** @param {object} entry @param {boolean} isChecked whether it is opened first */
export const register = async (entry, isChecked) => (await send("POST", `datasets${isChecked ? "" : "?check=false"}`, entry)).json();

/** @param {Wish} wish @param {boolean} isRegistered whether what is found is registered @returns {Promise<{datasets: Found[], registered: number}>} */
export const discover = async (wish, isRegistered) => (await send("POST", `datasets/discover${isRegistered ? "?register=true" : ""}`, wish)).json();

/** An entry, and the mark of what it was when it was read. @param {string} id @param {AbortSignal} [signal] @returns {Promise<{entry: object, mark: string}>} */
export async function getEntry(id, signal) {
  const answer = await askWell(`datasets/${path(id)}/config`, { signal, cache: "no-store" });
  return { entry: await answer.json(), mark: answer.headers.get("ETag") ?? "" };
}

/** Refused where another has changed it since it was read. @param {string} id @param {object} entry @param {string} mark */
export const change = (id, entry, mark) => send("PUT", `datasets/${path(id)}`, entry, { "If-Match": mark });

/** @param {string} id */
export async function unregister(id) {
  const { mark } = await getEntry(id);
  await send("DELETE", `datasets/${path(id)}`, undefined, { "If-Match": mark });
}

/** @param {{name: string, roles: string[], scopes: string[], expires: string | null}} wanted @returns {Promise<Key & {key: string}>} */
export const makeKey = async (wanted) => (await send("POST", "keys", wanted)).json();

/** @param {string} id */
export const revokeKey = (id) => send("DELETE", `keys/${path(id)}`);
