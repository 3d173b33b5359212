/** A long press on the map chooses a place, as a click does. */

import { coveredSides } from "./room.js";

const CLOSE = 12; // pixels: a finger is not still

/**
 * @param {HTMLElement} element of the map
 * @returns {() => void} unmount
 */
export function mountTouch(element) {
  const controller = new AbortController();
  const { signal } = controller;
  let pressed = { x: 0, y: 0 };
  element.addEventListener("pointerdown", ({ clientX, clientY }) => (pressed = { x: clientX, y: clientY }), { signal });
  element.addEventListener("contextmenu", (event) => {
    const { pointerType, clientX, clientY, target } = /** @type {PointerEvent} */ (event);
    if (pointerType !== "touch") return;
    event.preventDefault();
    if (Math.hypot(clientX - pressed.x, clientY - pressed.y) > CLOSE) return;
    navigator.vibrate?.(10);
    if (target) clickAt(target, clientX, clientY);
  }, { signal });
  return () => controller.abort();
}

/** @param {EventTarget} target @param {number} clientX @param {number} clientY */
function clickAt(target, clientX, clientY) {
  for (const type of ["mousedown", "mouseup", "click"]) {
    target.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, clientX, clientY, view: window }));
  }
}

/** Clicks the middle of what is seen of the map: for those who have no pointer. */
export function clickMiddle() {
  const { left, top, right, bottom } = coveredSides();
  const map = document.getElementById("map");
  if (map) clickAt(map, (left + innerWidth - right) / 2, (top + innerHeight - bottom) / 2);
}
