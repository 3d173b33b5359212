/** A button that opens a small card beside it: lists of things to do, and settings. */
import { h, icon } from "../lib/dom.js";

const GAP = 8; // pixels between button, menu and window

/**
 * @param {Parameters<typeof icon>[0]} name of the icon @param {string} label
 * @param {(close: () => void) => Node[]} fill what is in it, made anew at each opening
 * @returns {{button: HTMLButtonElement, menu: HTMLElement}} the menu is inside the element that the button is put in
 */
export function createMenu(name, label, fill) {
  const menu = h("div", { className: "card menu", popover: "auto", role: "dialog", "aria-label": label });
  const close = () => {
    if (menu.matches(":popover-open")) menu.hidePopover();
  };
  const button = h("button", {
    type: "button", className: "icon-button", title: label, "aria-label": label, "aria-haspopup": "dialog", "aria-expanded": "false",
  }, icon(name));
  button.popoverTargetElement = menu;
  menu.addEventListener("beforetoggle", (event) => {
    const isOpening = /** @type {ToggleEvent} */ (event).newState === "open";
    button.setAttribute("aria-expanded", String(isOpening));
    if (isOpening) menu.replaceChildren(...fill(close));
  });
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    place(menu, button.getBoundingClientRect());
    /** @type {HTMLElement | null} */ (menu.querySelector("button, a, input, select"))?.focus({ preventScroll: true });
  });
  return { button, menu };
}

/** Below its button, or above it, within the window. @param {HTMLElement} menu @param {DOMRect} anchor */
function place(menu, anchor) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.min(anchor.right - width, innerWidth - width - GAP);
  const below = anchor.bottom + GAP;
  const top = below + height > innerHeight - GAP ? Math.max(GAP, anchor.top - GAP - height) : below;
  menu.style.left = `${Math.max(GAP, left)}px`;
  menu.style.top = `${top}px`;
}

/**
 * A line of a menu that does something.
 * @param {Parameters<typeof icon>[0] | null} name of the icon @param {string} text @param {() => void} onclick
 */
export function menuItem(name, text, onclick) {
  return h("button", { type: "button", className: "menu-item", onclick }, name && icon(name), h("span", {}, text));
}

/**
 * Choices side by side, of which one holds: radio buttons, so keys work as everywhere.
 * @template {string} T
 * @param {string} label @param {[T, string][]} choices value and text @param {T} chosen
 * @param {(value: T) => void} onchoose
 */
export function segments(label, choices, chosen, onchoose) {
  const name = `segments-${label}`;
  const radios = choices.map(([value, text]) => h("label", { className: "segment" },
    h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchoose(value) }),
    h("span", {}, text)));
  return h("fieldset", { className: "menu-field" }, h("legend", {}, label), h("div", { className: "segments" }, ...radios));
}
