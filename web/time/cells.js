/** A grid of days, months or years to choose from: one of them has the focus, arrows move it. */
import { h } from "../lib/dom.js";

/**
 * @typedef {object} Cell
 * @property {string} id
 * @property {string} text
 * @property {string} label
 * @property {boolean} hasData
 * @property {boolean} isChosen
 * @property {boolean} [isWithin] a chosen stretch of time
 *
 * @typedef {object} Grid
 * @property {string} label
 * @property {number} columns
 * @property {number} [lead] empty cells before the first
 * @property {string[]} [header]
 * @property {Cell[]} cells
 * @property {(id: string) => void} choose
 * @property {(pages: number, isFar: boolean) => void} turn to another page: an arrow beyond an end, or a key for it
 */

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/** @param {Grid} grid */
export function createGrid({ label, columns, lead = 0, header, cells, choose, turn }) {
  const buttons = cells.map((cell) => createCell(cell, choose));
  const usable = () => buttons.filter((button) => button.ariaDisabled !== "true");
  const start = buttons[cells.findIndex(({ isChosen }) => isChosen)] ?? usable()[0];
  if (start) start.tabIndex = 0;
  const blanks = Array.from({ length: lead }, () => h("span", { role: "gridcell" }));
  const all = [...blanks, ...buttons];
  const rows = Array.from({ length: Math.ceil(all.length / columns) }, (_, i) => h("div", { role: "row", className: "calendar-row" }, ...all.slice(i * columns, (i + 1) * columns)));
  const names = header && h("div", { role: "row", className: "calendar-row calendar-weekdays" }, ...header.map((name) => h("span", { role: "columnheader" }, name)));
  const element = h("div", { role: "grid", "aria-label": label, className: `calendar-grid has-${columns}` }, names, ...rows);
  element.addEventListener("keydown", (event) => {
    const act = keys(/** @type {HTMLButtonElement} */ (event.target), buttons, usable(), columns, turn)[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act(event.shiftKey);
  });
  return element;
}

/** @param {Cell} cell @param {(id: string) => void} choose */
function createCell({ id, text, label, hasData, isChosen, isWithin }, choose) {
  const button = h("button", {
    type: "button", role: "gridcell", tabIndex: -1, className: `calendar-cell${isWithin ? " is-within" : ""}`,
    "aria-label": label, "aria-selected": String(isChosen), "aria-disabled": hasData ? null : "true",
    onclick: () => hasData && choose(id),
  }, text);
  button.dataset.id = id;
  return button;
}

/**
 * What each key does, from the cell that has the focus; cells without data are passed over.
 * @param {HTMLButtonElement} at @param {HTMLButtonElement[]} all @param {HTMLButtonElement[]} usable @param {number} columns
 * @param {Grid["turn"]} turn
 * @returns {Record<string, (isFar: boolean) => void>}
 */
function keys(at, all, usable, columns, turn) {
  const index = all.indexOf(at);
  /** @param {number} by */
  const move = (by) => () => {
    const next = by > 0 ? usable.find((button) => all.indexOf(button) >= index + by) : usable.findLast((button) => all.indexOf(button) <= index + by);
    if (!next) return turn(Math.sign(by), false);
    at.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  const steps = Object.entries({ ...STEPS, ArrowUp: -columns, ArrowDown: columns }).map(([key, by]) => [key, move(by)]);
  return {
    ...Object.fromEntries(steps),
    Home: () => usable[0]?.focus(),
    End: () => usable.at(-1)?.focus(),
    PageUp: (isFar) => turn(-1, isFar),
    PageDown: (isFar) => turn(1, isFar),
  };
}
