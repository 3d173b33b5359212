/** Moves the place that is read out on a diagram: by pointer, and by keys. */
import { cellAt, isTimeAcross } from "./plot.js";

/**
 * @typedef {import("./diagram.js").Diagram} Diagram
 * @typedef {import("./plot.js").Cell} Cell
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{diagram: () => Diagram | null, frame: () => import("./plot.js").Frame, onmove: (cell: Cell | null) => void, onchoose: (cell: Cell) => void}} how
 * @returns {() => void} stop
 */
export function followCursor(canvas, { diagram, frame, onmove, onchoose }) {
  const controller = new AbortController();
  const { signal } = controller;
  /** @type {Cell | null} */
  let at = null;
  const move = (/** @type {Cell | null} */ cell) => onmove((at = cell));
  const under = (/** @type {PointerEvent | MouseEvent} */ event) => {
    const shown = diagram();
    return shown && cellAt(shown, frame(), event.offsetX, event.offsetY);
  };
  canvas.addEventListener("pointermove", (event) => move(under(event)), { signal });
  canvas.addEventListener("pointerleave", () => move(null), { signal });
  canvas.addEventListener("blur", () => move(null), { signal });
  canvas.addEventListener("click", (event) => {
    const cell = under(event);
    if (cell) onchoose(cell);
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const shown = diagram();
    if (!shown) return;
    if (event.key === "Enter" && at) onchoose(at);
    else {
      const next = moved(shown, at, event.key);
      if (!next) return;
      move(next);
    }
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  return () => controller.abort();
}

/** The cell that an arrow key leads to; from the middle, where there is none yet. @param {Diagram} diagram @param {Cell | null} from @param {string} key @returns {Cell | null} */
export function moved(diagram, from, key) {
  const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  if (!right && !down) return null;
  const { step, at } = from ?? { step: diagram.times.length >> 1, at: diagram.count >> 1 };
  const [steps, places] = isTimeAcross(diagram.kind) ? [right, -down] : [down, right];
  const within = (/** @type {number} */ value, /** @type {number} */ count) => Math.min(count - 1, Math.max(0, value));
  return { step: within(step + steps, diagram.times.length), at: within(at + places, diagram.count) };
}
