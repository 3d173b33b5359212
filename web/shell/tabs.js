/** A row of tabs, one of which is open: arrow keys go from one to the next, as ARIA's pattern has it. */
import { h } from "../lib/dom.js";

/**
 * @typedef {object} Tabs
 * @property {HTMLElement} list
 * @property {Record<string, HTMLElement>} panels by id: what each tab opens
 * @property {(id: string) => void} choose shows a tab, without a word to `onchoose`
 */

/**
 * @param {string} name begins the ids of tabs and panels
 * @param {string} label of the row
 * @param {[string, string][]} entries id and label of each tab
 * @param {(id: string) => void} onchoose when a person opens one
 * @returns {Tabs}
 */
export function createTabs(name, label, entries, onchoose) {
  const ids = entries.map(([id]) => id);
  /** @type {Record<string, HTMLElement>} */
  const tabs = {};
  /** @type {Record<string, HTMLElement>} */
  const panels = {};
  for (const [id, text] of entries) {
    tabs[id] = h("button", {
      type: "button", role: "tab", className: "tab", id: `${name}-tab-${id}`, "aria-controls": `${name}-${id}`, onclick: () => open(id),
    }, text);
    panels[id] = h("div", { role: "tabpanel", id: `${name}-${id}`, className: "tab-panel", tabIndex: -1, "aria-labelledby": tabs[id].id });
  }
  const choose = (/** @type {string} */ chosen) => ids.forEach((id) => {
    tabs[id].setAttribute("aria-selected", String(id === chosen));
    tabs[id].tabIndex = id === chosen ? 0 : -1;
    panels[id].hidden = id !== chosen;
  });
  const open = (/** @type {string} */ id) => {
    choose(id);
    onchoose(id);
  };
  const list = h("div", { role: "tablist", className: "tabs", "aria-label": label }, ...Object.values(tabs));
  list.addEventListener("keydown", (event) => {
    const id = neighbour(ids, ids.findIndex((one) => tabs[one] === event.target), event.key);
    if (id === null) return;
    event.preventDefault();
    open(id);
    tabs[id].focus();
  });
  choose(ids[0]);
  return { list, panels, choose };
}

/**
 * The tab that a key leads to.
 * @param {string[]} ids @param {number} at @param {string} key
 */
function neighbour(ids, at, key) {
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ids.length - 1 }[key];
  return to === undefined ? null : ids[(to + ids.length) % ids.length];
}
