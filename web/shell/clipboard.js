/** The clipboard, also where the page has come by plain HTTP, to which browsers give no `navigator.clipboard`. */
import { h } from "../lib/dom.js";
import { announce } from "./announce.js";

const COPIED_MS = 1600;

/** @param {string} text @returns {Promise<boolean>} whether it is copied */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Out of a field of its own, by the command that no other way in has replaced. @param {string} text */
function copySelected(text) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = h("textarea", { className: "off-screen", value: text });
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return isCopied;
}

/**
 * Copies, and says so beside a button for a moment.
 * @param {HTMLElement} button @param {string} text @param {string} done @param {string} failed
 */
export async function copyBy(button, text, done, failed) {
  button.dataset.tip = (await copyText(text)) ? done : failed;
  announce(button.dataset.tip);
  setTimeout(() => delete button.dataset.tip, COPIED_MS);
}
