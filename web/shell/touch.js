/** A long press on the map chooses a place, as a click does. */

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
    for (const type of ["mousedown", "mouseup", "click"]) {
      target?.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, clientX, clientY, view: window }));
    }
  }, { signal });
  return () => controller.abort();
}
