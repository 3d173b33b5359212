/** Keys of the page as a whole; what they do is listed by `?`. */
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, timeAfter, timesInRange } from "../lib/select.js";
import { openHelp } from "./help.js";
import { isDark } from "./theme.js";
import { clickMiddle } from "./touch.js";
import { tellView } from "./view.js";

/** @typedef {import("../types.js").Store} Store */

const PAN = 120; // pixels a key moves the map

/** @type {Record<string, [number, number]>} */
const DIRECTIONS = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN] };

/**
 * What each key does.
 * @param {Store} store
 * @returns {Record<string, () => void>}
 */
function actionsOf(store) {
  const goTo = (/** @type {string | null | undefined} */ time) => time && store.set({ ...setTime(store.get(), time), playing: false });
  const steps = () => timesInRange(axisOf(store.get(), activeOf(store.get())), store.get().range);
  const press = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();
  return {
    ArrowLeft: () => goTo(timeAfter(store.get(), -1)),
    ArrowRight: () => goTo(timeAfter(store.get(), 1)),
    Home: () => goTo(steps()[0]),
    End: () => goTo(steps().at(-1)),
    " ": () => steps().length > 1 && store.set({ playing: !store.get().playing }),
    "+": () => tellView("view:zoom", 1),
    "=": () => tellView("view:zoom", 1),
    "-": () => tellView("view:zoom", -1),
    f: () => tellView("view:fit"),
    m: () => store.set({ mode: "map" }),
    g: () => store.set({ mode: "globe" }),
    c: () => store.set({ mode: "cube" }),
    d: () => store.set({ theme: isDark(store.get().theme) ? "light" : "dark" }),
    l: () => press("#copy-link"),
    p: () => press("#panel .panel-toggle"),
    "/": findDataset,
    "?": openHelp,
    Enter: clickMiddle,
    Escape: () => store.set({ place: null, tab: null }),
  };
}

function findDataset() {
  document.getElementById("panel")?.dispatchEvent(new CustomEvent("panel:show", { detail: "data" }));
  /** @type {HTMLElement | null} */ (document.querySelector("#datasets input[type=search]"))?.focus();
}

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountKeyboard(element, store) {
  const actions = actionsOf(store);
  const listen = (/** @type {KeyboardEvent} */ event) => {
    const { key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || belongsElsewhere(event)) return;
    const action = event.shiftKey && key in DIRECTIONS ? () => tellView("view:pan", DIRECTIONS[key]) : actions[key.length === 1 ? key.toLowerCase() : key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  element.addEventListener("keydown", listen);
  // What is pressed by pointer keeps no focus, so that space goes on to play, and arrows to step.
  const release = (/** @type {MouseEvent} */ event) => {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const isKept = focused?.matches("[aria-haspopup], [role=tab], [popovertarget]");
    if (event.detail > 0 && focused?.matches("button, .mode input") && !isKept) focused.blur();
  };
  element.addEventListener("click", release);
  return () => {
    element.removeEventListener("keydown", listen);
    element.removeEventListener("click", release);
  };
}

/** Whether the key belongs to the control that has the focus, or to a window above the page. @param {KeyboardEvent} event */
function belongsElsewhere({ target, key }) {
  const element = /** @type {HTMLElement} */ (target);
  if (document.querySelector("dialog[open], :popover-open")) return true;
  if (element.closest?.("[role=listbox], [role=dialog], [role=tablist], [role=menu], [role=grid], [role=slider], [contenteditable]")) return true;
  if ([" ", "Enter"].includes(key) && element.closest?.("button, a, summary, [role=button]")) return true;
  return ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName) && key !== "Escape";
}
