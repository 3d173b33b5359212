/** Keys: left and right step time, space plays, + and - zoom, shift with arrows moves the map. */
import { timeAfter } from "../lib/select.js";

const PAN = 120; // pixels a key moves the map

/** @type {Record<string, [number, number]>} */
const DIRECTIONS = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN] };

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountKeyboard(element, store) {
  const map = /** @type {HTMLElement} */ (document.getElementById("map"));
  /** @param {string} name @param {unknown} detail */
  const tell = (name, detail) => map.dispatchEvent(new CustomEvent(name, { detail }));
  const step = (/** @type {number} */ by) => {
    const time = timeAfter(store.get(), by);
    if (time) store.set({ time, playing: false });
  };
  /** @param {KeyboardEvent} event @returns {(() => void) | null} */
  const actionOf = (event) => {
    const { key } = event;
    if (event.shiftKey && key in DIRECTIONS) return () => tell("view:pan", DIRECTIONS[key]);
    if (key === "ArrowLeft") return () => step(-1);
    if (key === "ArrowRight") return () => step(1);
    if (key === " ") return () => store.get().times.length > 1 && store.set({ playing: !store.get().playing });
    if (key === "+" || key === "=") return () => tell("view:zoom", 1);
    if (key === "-") return () => tell("view:zoom", -1);
    if (key === "Escape") return () => store.set({ point: null });
    return null;
  };
  const listen = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  };
  element.addEventListener("keydown", listen);
  // A button pressed by pointer keeps no focus, so that space goes on to play.
  const release = (/** @type {MouseEvent} */ event) => {
    const button = event.detail > 0 && /** @type {Element} */ (event.target).closest?.("button");
    if (button && !button.hasAttribute("aria-haspopup")) button.blur();
  };
  element.addEventListener("click", release);
  return () => {
    element.removeEventListener("keydown", listen);
    element.removeEventListener("click", release);
  };
}

/** Whether the key belongs to the control that has the focus. @param {KeyboardEvent} event */
function isTyping({ target, key }) {
  const element = /** @type {HTMLElement} */ (target);
  if (element.closest?.("[role=listbox], [role=dialog]")) return true;
  if (key === " " && element.closest?.("button, a, summary")) return true;
  return ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName);
}
