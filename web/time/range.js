/** The stretch of time that is played and charted: two handles on the axis. */
import { h } from "../lib/dom.js";
import { activeOf, axisOf, rangeOn } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock, instantsOf, nearestIndex, nearestInstant, parseTime } from "../lib/time.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./axis.js").Span} Span */

/**
 * @param {HTMLElement} field the axis' own room @param {Store} store @param {() => void} changed
 * @returns {{show: (span: Span) => void, stop: () => void}}
 */
export function mountRange(field, store, changed) {
  const handles = [handle("time.rangeStart"), handle("time.rangeEnd")];
  field.append(...handles);
  /** @type {Span} */
  let shown = { from: 0, to: 1 };
  const times = () => axisOf(store.get(), activeOf(store.get()));
  const ends = () => {
    const range = rangeOn(times(), store.get().range);
    return range ? range.map((time) => nearestIndex(times(), time)) : [0, times().length - 1];
  };
  /** @param {number} which 0 or 1 @param {number} index */
  const move = (which, index) => {
    const [low, high] = ends();
    const wanted = which ? [low, Math.max(low, index)] : [Math.min(high, index), high];
    const [first, last] = wanted.map((at) => Math.min(times().length - 1, Math.max(0, at)));
    const isAll = first === 0 && last === times().length - 1;
    store.set({ range: isAll ? null : [times()[first], times()[last]] });
    changed();
  };
  handles.forEach((element, which) => {
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      event.preventDefault();
      element.focus();
    });
    element.addEventListener("pointermove", (event) => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      const { left, width } = field.getBoundingClientRect();
      const at = shown.from + ((event.clientX - left) / width) * (shown.to - shown.from);
      move(which, nearestInstant(instantsOf(times()), at));
    });
    element.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      move(which, Number.isFinite(by) ? ends()[which] + by : by < 0 ? 0 : times().length - 1);
    });
    element.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      store.set({ range: null });
    });
  });
  return {
    show(span) {
      shown = span;
      handles.forEach((element, which) => showHandle(element, times(), ends()[which], span, rangeOn(times(), store.get().range) !== null));
    },
    stop: () => handles.forEach((element) => element.remove()),
  };
}

/** @param {"time.rangeStart" | "time.rangeEnd"} name */
function handle(name) {
  return h("div", { className: `time-handle is-${name === "time.rangeStart" ? "start" : "end"}`, role: "slider", tabIndex: 0, "aria-label": t(name), title: t(name) });
}

/** @param {HTMLElement} element @param {string[]} times @param {number} index @param {Span} span @param {boolean} isChosen */
function showHandle(element, times, index, { from, to }, isChosen) {
  const part = (parseTime(times[index] ?? "") - from) / (to - from);
  element.style.left = `${100 * Math.min(1, Math.max(0, part))}%`;
  element.hidden = times.length < 2 || part < -0.001 || part > 1.001;
  element.classList.toggle("is-chosen", isChosen);
  element.setAttribute("aria-valuemin", "0");
  element.setAttribute("aria-valuemax", String(times.length - 1));
  element.setAttribute("aria-valuenow", String(index));
  element.setAttribute("aria-valuetext", formatTime(times[index] ?? "", hasClock(times)));
}
