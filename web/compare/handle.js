/** The line between two sides: dragged by mouse and finger, moved by keys. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";

const STEP = 0.01;
const STRIDE = 0.1;
/** @type {Record<string, (at: number) => number>} */
const KEYS = {
  ArrowLeft: (at) => at - STEP,
  ArrowDown: (at) => at - STEP,
  ArrowRight: (at) => at + STEP,
  ArrowUp: (at) => at + STEP,
  PageDown: (at) => at - STRIDE,
  PageUp: (at) => at + STRIDE,
  Home: () => 0,
  End: () => 1,
};

/**
 * @param {HTMLElement} frame that the line crosses @param {(at: number) => void} onmove 0 to 1 from the left
 */
export function createHandle(frame, onmove) {
  let now = 0.5;
  const element = h("div", {
    className: "swipe-handle", role: "slider", tabIndex: 0, "aria-label": t("compare.handle"), "aria-valuemin": "0", "aria-valuemax": "100",
    "aria-orientation": "horizontal",
  }, h("span", { className: "swipe-grip", "aria-hidden": "true" }));
  const move = (/** @type {number} */ at) => onmove(Math.min(1, Math.max(0, at)));
  const drag = (/** @type {PointerEvent} */ event) => {
    const { left, width } = frame.getBoundingClientRect();
    if (element.hasPointerCapture(event.pointerId)) move((event.clientX - left) / width);
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    element.focus();
    event.preventDefault();
  });
  element.addEventListener("pointermove", drag);
  element.addEventListener("keydown", (event) => {
    const next = KEYS[event.key];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    move(next(now));
  });
  return {
    element,
    /** @param {number} at */
    show(at) {
      now = at;
      element.setAttribute("aria-valuenow", String(Math.round(100 * at)));
      element.setAttribute("aria-valuetext", t("compare.at", { percent: Math.round(100 * at) }));
    },
  };
}
