/** Requests to the server, with the key of whoever has signed in. Nothing else asks it for data. */
import { credentials } from "./access/key.js";
import { pause } from "./lib/pause.js";
import { t } from "./lib/text.js";

/** The event of the window that tells of a request that wants another key, or any; its detail is what the server said. */
export const REFUSED = "access:refused";
const UNAUTHENTICATED = 401;
/** What a server says that has no time just now, and to who asks too often. */
const LATER = [429, 503];
const [TRIES, LONGEST_S] = [4, 10];

/** An answer that is no success, in the server's own words. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 where there was no answer */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * What the server puts off for a moment is asked for again when it says.
 * @param {string} address relative to the page, so that a path prefix does no harm
 * @param {RequestInit & {headers?: Record<string, string>}} [init]
 * @param {string} [key] another one than is held
 * @returns {Promise<Response>} good or not
 * @throws {ApiError} where there is no answer
 */
export async function ask(address, { headers = {}, ...init } = {}, key = undefined) {
  const url = new URL(address, document.baseURI);
  // A key is this server's alone, whatever an address says.
  const sent = url.origin === location.origin ? { ...headers, ...credentials(key) } : headers;
  try {
    const response = await fetchInTime(url, { ...init, headers: sent });
    if (response.status === UNAUTHENTICATED && key === undefined) tellRefusal(response.clone());
    return response;
  } catch (error) {
    if (isAbort(error) || init.signal?.aborted) throw error;
    throw new ApiError(t("shell.noAnswer"), 0);
  }
}

/** @param {URL} url @param {RequestInit} init */
async function fetchInTime(url, init) {
  for (let tried = 1; ; tried++) {
    const response = await fetch(url, init);
    const wait_s = Number(response.headers.get("Retry-After") ?? NaN);
    if (!LATER.includes(response.status) || init.method || !(wait_s <= LONGEST_S) || tried === TRIES) return response;
    // Those who were put off together do not come back together.
    await pause(1000 * (wait_s + Math.random() * tried), init.signal);
    init.signal?.throwIfAborted();
  }
}

/** The same, but what is no success is an error. @type {typeof ask} */
export async function askWell(address, init, key) {
  const response = await ask(address, init, key);
  if (!response.ok) throw new ApiError(await explain(response), response.status);
  return response;
}

/** @param {Response} response */
async function tellRefusal(response) {
  const detail = await explain(response).catch(() => "");
  window.dispatchEvent(new CustomEvent(REFUSED, { detail }));
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

/** Whether the server wants a key, or another one. @param {unknown} error */
export function isRefusal(error) {
  return error instanceof ApiError && error.status === UNAUTHENTICATED;
}
