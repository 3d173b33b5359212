/** Two handles on a histogram of what is in view. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { activeStyle } from "./active.js";
import { percentile, roundRange } from "./histogram.js";
import { drawHistogram } from "./plot.js";
import { positionOf, valueAt } from "./scale.js";
import { rampsOf } from "./tables.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Range} Range */

const STEP = 0.01; // of the plot's width, by a key
const KEYS = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -10 * STEP, PageUp: 10 * STEP };

/**
 * @param {HTMLElement} plot @param {Store} store
 * @param {{values: () => Float32Array, choose: (range: Range) => void, fit: () => void}} range
 * @returns {{show: () => void}}
 */
export function mountSliders(plot, store, { values, choose, fit }) {
  const canvas = h("canvas", { className: "histogram-bars", "aria-hidden": "true" });
  const handles = [handle("colour.lowest"), handle("colour.highest")];
  plot.append(canvas, ...handles);
  /** What the plot spans: it holds still while a handle is dragged. @type {Range | null} */
  let held = null;
  const style = () => activeStyle(store.get());
  const span = () => held ?? spanOf(values(), style()?.rescale ?? null, style()?.scale ?? "linear");
  const show = () => {
    const now = style();
    plot.hidden = !now?.rescale || now.variable.kind === "composite" || !values().length;
    if (plot.hidden || !now?.rescale) return;
    const { scale, rescale } = now;
    const [low, high] = span();
    drawHistogram(canvas, values(), { low, high, scale, ramp: rampsOf(store.get(), now.layer)?.[0] ?? null });
    handles.forEach((one, i) => place(one, rescale[i], positionOf(scale, low, high, rescale[i])));
  };
  /** @param {number} which @param {number} position on the plot */
  const move = (which, position) => {
    const now = style();
    if (!now?.rescale) return;
    const value = valueAt(now.scale, ...span(), Math.min(1, Math.max(0, position)));
    const [low, high] = which ? [now.rescale[0], value] : [value, now.rescale[1]];
    if (low < high) choose(roundRange(low, high));
  };
  handles.forEach((one, which) => {
    followPointer(one, plot, (position) => move(which, position), (isHeld) => {
      held = isHeld ? span() : null;
      show();
    });
    one.addEventListener("keydown", (event) => {
      const by = KEYS[/** @type {keyof typeof KEYS} */ (event.key)];
      const now = style();
      if (!by || !now?.rescale) return;
      event.preventDefault();
      event.stopPropagation();
      move(which, positionOf(now.scale, ...span(), now.rescale[which]) + by);
    });
  });
  plot.addEventListener("dblclick", fit);
  return { show };
}

/** @param {"colour.lowest" | "colour.highest"} name */
function handle(name) {
  return h("div", { className: "histogram-handle", role: "slider", tabIndex: 0, "aria-label": t(name) });
}

/** What is in view and what is chosen. @param {Float32Array} values @param {Range | null} range @param {import("../types.js").Scale} scale @returns {Range} */
function spanOf(values, range, scale) {
  const ends = [percentile(values, 0.5), percentile(values, 99.5), ...(range ?? [])];
  const usable = ends.filter((value) => Number.isFinite(value) && (scale !== "log" || value > 0));
  const [low, high] = [Math.min(...usable), Math.max(...usable)];
  return low < high ? [low, high] : [low - 1, low + 1];
}

/** @param {HTMLElement} element @param {number} value @param {number} position */
function place(element, value, position) {
  element.style.left = `${100 * Math.min(1, Math.max(0, position))}%`;
  element.setAttribute("aria-valuenow", String(value));
}

/** @param {HTMLElement} handle @param {HTMLElement} plot @param {(position: number) => void} move @param {(isHeld: boolean) => void} hold */
function followPointer(handle, plot, move, hold) {
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    handle.focus();
    hold(true);
  });
  handle.addEventListener("pointermove", ({ pointerId, clientX }) => {
    if (!handle.hasPointerCapture(pointerId)) return;
    const { left, width } = plot.getBoundingClientRect();
    move((clientX - left) / width);
  });
  handle.addEventListener("lostpointercapture", () => hold(false));
}
