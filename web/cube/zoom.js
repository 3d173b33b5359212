/** Nearer and farther by the wheel, and by two fingers. */

const WHEEL = 1 / 240; // steps for a pixel of the wheel
const STEP = Math.log(1.25); // of the distance of two fingers

/**
 * @param {HTMLElement} element @param {(steps: number) => void} onzoom steps nearer, in parts too
 * @returns {() => void} stop
 */
export function followZoom(element, onzoom) {
  const controller = new AbortController();
  const { signal } = controller;
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  let apart = 0;
  const distance = () => {
    const [one, other] = [...fingers.values()];
    return Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
  };
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    onzoom(-event.deltaY * WHEEL);
  }, { signal, passive: false });
  element.addEventListener("pointerdown", ({ pointerId, clientX: x, clientY: y }) => {
    fingers.set(pointerId, { x, y });
    if (fingers.size === 2) apart = distance();
  }, { signal, capture: true });
  element.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size !== 2) return;
    // Two fingers neither turn nor cut.
    event.stopImmediatePropagation();
    onzoom(Math.log(distance() / apart) / STEP);
    apart = distance();
  }, { signal, capture: true });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    element.addEventListener(name, ({ pointerId }) => void fingers.delete(pointerId), { signal, capture: true });
  }
  return () => controller.abort();
}
