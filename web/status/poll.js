/** Asks anew every few seconds, while anybody looks. */
import { isAbort } from "../api.js";

const EVERY_MS = 5000;

/**
 * @param {(signal: AbortSignal) => Promise<void>} look
 * @param {(error: Error | null) => void} tell what went wrong, or that all is well again
 * @returns {{now: () => Promise<void>, stop: () => void}} `now` looks at once
 */
export function startPolling(look, tell) {
  let work = new AbortController();
  let timer = 0;
  const now = async () => {
    clearTimeout(timer);
    work.abort();
    work = new AbortController();
    const { signal } = work;
    try {
      await look(signal);
      if (!signal.aborted) tell(null);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      tell(/** @type {Error} */ (error));
    }
    if (!signal.aborted && document.visibilityState === "visible") timer = window.setTimeout(now, EVERY_MS);
  };
  const seen = () => document.visibilityState === "visible" && void now();
  document.addEventListener("visibilitychange", seen);
  return {
    now,
    stop: () => {
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(timer);
      work.abort();
    },
  };
}
