/**
 * The key of whoever has signed in: kept for this tab alone, until it is closed or one signs out. It is
 * sent as a header, so that no address, no link and no log ever holds it.
 */

/** @typedef {import("../types.js").Caller} Caller */
/** @typedef {{key: string, caller: Caller}} Held */

/** The page's folder is part of the name: below one host there may be several servers. */
const name = () => `tileserver.key ${new URL(".", document.baseURI).pathname}`;

/** A frame of another page, or a careful browser, may have no storage: then a key lasts as long as the page. @type {Held | null} */
let held = recall();

function recall() {
  try {
    const { key, caller } = JSON.parse(sessionStorage.getItem(name()) ?? "null") ?? {};
    return typeof key === "string" && caller ? { key, caller } : null;
  } catch {
    return null;
  }
}

/** Whose key it is, as the server said; null for who has not signed in. @returns {Caller | null} */
export const callerOf = () => held?.caller ?? null;

/** What is sent with a request. @param {string | undefined} [key] another one than is held @returns {Record<string, string>} */
export function credentials(key = held?.key) {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** @param {string} key @param {Caller} caller @returns {boolean} whether it outlives the page */
export function holdKey(key, caller) {
  held = { key, caller };
  try {
    sessionStorage.setItem(name(), JSON.stringify(held));
    return true;
  } catch {
    return false;
  }
}

export function dropKey() {
  held = null;
  try {
    sessionStorage.removeItem(name());
  } catch {
    // There is none.
  }
}
