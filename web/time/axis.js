/** The axis of the bar of time: a slider on a track of what there is, marks, the range, a closer look. */
import { h } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, rangeOn, timeAfter, timeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock, instantsOf, nearestInstant, parseTime } from "../lib/time.js";
import { timeMarks } from "./marks.js";
import { mountRange } from "./range.js";
import { drawTrack } from "./track.js";
import { closerSpan, followWheel, followed } from "./zoom.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */
/** @typedef {{from: number, to: number}} Span milliseconds since 1970 */

const MARK_PX = 84; // room for a label
const LABEL_PX = 62; // what the label itself takes
const STEPS = 10_000; // of the slider's own positions, whatever the axis has
const SHOWN = /** @type {(keyof State)[]} */ (["layers", "active", "details", "axes", "time", "range", "ready", "theme"]);

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountAxis(element, store) {
  const canvas = h("canvas", { className: "time-track", "aria-hidden": "true" });
  const slider = h("input", { type: "range", min: "0", max: String(STEPS), step: "any", className: "time-slider", "aria-label": t("time.step") });
  const marks = h("div", { className: "time-marks", "aria-hidden": "true" });
  const field = h("div", { className: "time-field" }, canvas, slider);
  element.append(field, marks);
  /** What is looked at, where that is not all. @type {Span | null} */
  let closer = null;
  /** @type {string[] | null} */
  let known = null;

  const times = () => axisOf(store.get(), activeOf(store.get()));
  /** @returns {Span} */
  const span = () => closer ?? wholeOf(times());
  const draw = () => {
    if (!times().length || !element.clientWidth) return;
    drawTrack(canvas, trackOf(store.get(), span()));
    drawMarks(marks, span());
    showStep(slider, store.get(), span());
    range.show(span());
  };
  /** @param {Span | null} wanted */
  const look = (wanted) => {
    closer = wanted;
    element.classList.toggle("is-closer", Boolean(wanted));
    draw();
  };
  /** What is looked at goes along with the moment shown. */
  let last = "";
  const follow = () => {
    const time = timeOf(store.get(), activeOf(store.get())) ?? "";
    if (closer && time !== last) closer = closerSpan(wholeOf(times()), followed(closer, parseTime(time)), 1, 0, 0);
    last = time;
  };
  const range = mountRange(field, store, draw);
  const goTo = (/** @type {string | null} */ time) => time && store.set({ ...setTime(store.get(), time), playing: false });
  steer(slider, store, (part) => {
    const { from, to } = span();
    goTo(times()[nearestInstant(instantsOf(times()), from + (to - from) * part)]);
  }, goTo);
  const stopWheel = followWheel(field, () => ({ whole: wholeOf(times()), shown: span() }), look, () => slider.valueAsNumber / STEPS);
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  const stop = store.subscribe(SHOWN, () => {
    if (known !== times()) look(null);
    known = times();
    follow();
    draw();
  });
  window.addEventListener("themechange", draw);
  return () => {
    window.removeEventListener("themechange", draw);
    [stop, stopWheel, range.stop].forEach((end) => end());
    observer.disconnect();
    element.replaceChildren();
  };
}

/**
 * By dragging and by keys.
 * @param {HTMLInputElement} slider @param {Store} store
 * @param {(part: number) => void} place 0 to 1 of what is seen @param {(time: string | null) => void} goTo
 */
function steer(slider, store, place, goTo) {
  slider.addEventListener("input", () => place(slider.valueAsNumber / STEPS));
  slider.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
    if (event.shiftKey || !(event.key in moves)) return;
    event.preventDefault();
    goTo(timeAfter(store.get(), moves[/** @type {keyof typeof moves} */ (event.key)]));
  });
}

/** @param {string[]} times @returns {Span} */
function wholeOf(times) {
  const [from, to] = [parseTime(times[0] ?? ""), parseTime(times.at(-1) ?? "")];
  return to > from ? { from, to } : { from: from - 1, to: from + 1 };
}

/** @param {State} state @param {Span} span @returns {import("./track.js").Track} */
function trackOf(state, { from, to }) {
  const active = activeOf(state);
  const times = axisOf(state, active);
  const others = state.layers.filter((layer) => layer !== active && layer.visible).map((layer) => axisOf(state, layer));
  const rows = [...new Set(others)].filter((axis) => axis.length && axis !== times);
  return { times, others: rows, from, to, ready: state.playing ? state.ready : [], range: rangeOn(times, state.range) };
}

/** @param {HTMLInputElement} slider @param {State} state @param {Span} span */
function showStep(slider, state, { from, to }) {
  const layer = activeOf(state);
  const time = timeOf(state, layer);
  if (!time) return;
  const part = Math.min(1, Math.max(0, (parseTime(time) - from) / (to - from)));
  slider.value = String(part * STEPS);
  slider.style.setProperty("--filled", `${100 * part}%`);
  slider.setAttribute("aria-valuetext", formatTime(time, hasClock(axisOf(state, layer))));
}

/** @param {HTMLElement} element @param {Span} span */
function drawMarks(element, { from, to }) {
  const { clientWidth } = element;
  const found = timeMarks(from, to, Math.max(2, Math.floor(clientWidth / MARK_PX)));
  element.replaceChildren(...found.map(({ at, label }) => {
    const part = (at - from) / (to - from);
    const mark = h("span", {}, label);
    mark.style.left = `${100 * part}%`;
    // A label that would run out of the bar is left out: the date shown says where the end is.
    mark.hidden = (1 - part) * clientWidth < LABEL_PX;
    return mark;
  }));
}
