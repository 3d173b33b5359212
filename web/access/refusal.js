/** What the viewer does when the server wants a key, or another one: it asks for it, by a window the first time. */
import { REFUSED } from "../ask.js";
import { t } from "../lib/text.js";
import { callerOf, dropKey } from "./key.js";

const SOURCE = "access";

/** @param {import("../types.js").Store} store @returns {() => void} stop */
export function followRefusals(store) {
  let isAsked = false;
  const hear = (/** @type {Event} */ event) => {
    // Tiles are refused by the dozen.
    if (store.get().problem?.source === SOURCE) return;
    const { detail } = /** @type {CustomEvent<string>} */ (event);
    const wasSignedIn = callerOf() !== null;
    // A key that is not taken is refused for what is public, too.
    dropKey();
    const reason = wasSignedIn ? t("access.expired", { detail }) : t("access.needed");
    const open = async () => (await import("./signin.js")).openSignIn(reason, wasSignedIn ? () => location.reload() : undefined);
    store.set({ problem: { message: reason, source: SOURCE, retry: () => void open(), action: t("access.signIn"), isCalm: true } });
    if (!isAsked) void open();
    isAsked = true;
  };
  window.addEventListener(REFUSED, hear);
  return () => window.removeEventListener(REFUSED, hear);
}
