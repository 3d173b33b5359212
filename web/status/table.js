/** Tables of the status window: drawn anew only where something is other, with the focus where it was. */
import { h } from "../lib/dom.js";

const ARMED_MS = 6000;

/** @typedef {Node | string | number | null | undefined | false} Cell */

/**
 * @param {string} label @param {string[]} headings
 * @param {{key: string, cells: Cell[]}[]} rows
 * @param {string} none what is said where there are no rows
 */
export function table(label, headings, rows, none) {
  if (!rows.length) return h("p", { className: "muted" }, none);
  // Wider than a phone: it scrolls by itself, by keys too.
  return h("div", { className: "status-scroll", tabIndex: 0, role: "region", "aria-label": label },
    h("table", { className: "status-table" },
      h("caption", { className: "off-screen" }, label),
      h("thead", {}, h("tr", {}, ...headings.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...rows.map(({ key, cells }) => h("tr", { "data-key": key }, ...cells.map((cell, i) => cellOf(cell, i)))))));
}

/** The first cell names its row. @param {Cell} cell @param {number} column */
function cellOf(cell, column) {
  const content = cell === null || cell === undefined || cell === false ? "–" : typeof cell === "number" ? String(cell) : cell;
  return column === 0 ? h("th", { scope: "row" }, content) : h("td", {}, content);
}

/**
 * Replaces what an element shows, where it is other than before; what has the focus, by its label within its row, keeps it.
 * @param {HTMLElement} element @param {unknown} data that is drawn
 * @param {() => Node[]} draw
 */
export function redraw(element, data, draw) {
  const mark = JSON.stringify(data);
  // A question waits for its answer: the next look draws.
  if (element.dataset.mark === mark || element.querySelector("[data-armed]")) return;
  element.dataset.mark = mark;
  const focused = element.contains(document.activeElement) ? placeOf(document.activeElement) : null;
  const scrolled = [...element.querySelectorAll(".status-scroll")].map(({ scrollLeft }) => scrollLeft);
  element.replaceChildren(...draw());
  element.querySelectorAll(".status-scroll").forEach((part, i) => (part.scrollLeft = scrolled[i] ?? 0));
  if (focused) /** @type {HTMLElement | null} */ (element.querySelector(focused))?.focus({ preventScroll: true });
}

/** @param {Element | null} element */
function placeOf(element) {
  const row = /** @type {HTMLElement | null | undefined} */ (element?.closest("[data-key]"))?.dataset.key;
  const label = element?.getAttribute("aria-label");
  if (!row || !label) return null;
  return `[data-key="${CSS.escape(row)}"] [aria-label="${CSS.escape(label)}"]`;
}

/** A word with the colour of a state. @param {"ready" | "pending" | "error" | "trouble"} status @param {string} text */
export const badge = (status, text) => h("span", { className: `badge is-${status}` }, text);

/** A button of two presses: the second does it, unless it comes too late. @param {HTMLButtonElement} button @param {string} question @param {() => void} act */
export function confirmBy(button, question, act) {
  const label = button.getAttribute("aria-label") ?? "";
  let timer = 0;
  const disarm = () => {
    clearTimeout(timer);
    delete button.dataset.armed;
    delete button.dataset.tip;
    button.setAttribute("aria-label", label);
  };
  button.addEventListener("click", () => {
    if ("armed" in button.dataset) {
      disarm();
      act();
      return;
    }
    button.dataset.armed = "";
    button.dataset.tip = question;
    button.setAttribute("aria-label", question);
    timer = window.setTimeout(disarm, ARMED_MS);
  });
}
