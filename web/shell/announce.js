/** Says to those who hear the page what others see for a moment. */
import { h } from "../lib/dom.js";

/** @type {HTMLElement | null} */
let region = null;

/** @param {string} text */
export function announce(text) {
  region ??= document.body.appendChild(h("div", { className: "off-screen", role: "status" }));
  const here = region;
  // The same words again are news only after others.
  here.textContent = "";
  setTimeout(() => (here.textContent = text), 50);
}
