/** The operator's word to who comes for the first time. */
import { h, icon, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";

const KEY = "tileserver.welcomed";

/**
 * @param {HTMLElement} element of the notices @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountWelcome(element, store) {
  const text = store.get().config?.welcome;
  if (!text || recall() === text) return () => {};
  const dismiss = () => {
    remember(text);
    card.remove();
  };
  const card = h("div", { className: "card notice is-calm" }, icon("info"), h("p", {}, text), iconButton("close", t("shell.dismiss"), dismiss));
  element.prepend(card);
  return () => card.remove();
}

/** A frame of another page, or a careful browser, may have no storage. */
function recall() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} text */
function remember(text) {
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // It is said again at the next visit.
  }
}
