/** Time: a slider over all steps, play, and the step that is shown. */
import { h, icon, iconButton } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, timeAfter, timeOf } from "../lib/select.js";
import { axisMarks, formatTime, hasClock, nearestIndex } from "../lib/time.js";
import { startPlayer } from "./player.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */

const SPEEDS = [1, 2, 4, 8, 16];
const MARK_PX = 76; // room for a label below the slider, and
const LABEL_PX = 60; // what the label itself takes

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountTimebar(element, store) {
  const slider = h("input", { type: "range", min: "0", step: "1", className: "time-slider", "aria-label": "Time step" });
  const marks = h("div", { className: "time-marks", "aria-hidden": "true" });
  const stamp = h("output", { className: "time-stamp" });
  const play = iconButton("play", "Play", () => store.set({ playing: !store.get().playing }));
  play.classList.add("is-primary");
  const goTo = (/** @type {string | null} */ time) => store.set({ ...setTime(store.get(), time), playing: false });
  const step = (/** @type {number} */ by) => () => goTo(timeAfter(store.get(), by));
  element.append(
    h("div", { className: "time-controls" }, iconButton("previous", "Previous step", step(-1)), play, iconButton("next", "Next step", step(1))),
    stamp,
    h("div", { className: "time-axis" }, slider, marks),
    speedSelect(store),
  );
  slider.addEventListener("input", () => goTo(axisOf(store.get(), activeOf(store.get()))[slider.valueAsNumber]));
  const showMarks = () => drawMarks(marks, axisOf(store.get(), activeOf(store.get())));
  const observer = new ResizeObserver(showMarks);
  observer.observe(marks);
  const stops = [
    store.subscribe(["axes", "details", "layers", "active"], (state) => {
      element.hidden = !axisOf(state, activeOf(state)).length;
      document.body.classList.toggle("has-time", !element.hidden);
      showMarks();
    }),
    store.subscribe(["time", "axes", "details", "layers", "active"], (state) => showStep(state, slider, stamp)),
    store.subscribe(["playing"], ({ playing }) => {
      play.replaceChildren(icon(playing ? "pause" : "play"));
      play.title = playing ? "Pause" : "Play";
      play.setAttribute("aria-label", play.title);
    }),
    startPlayer(store),
  ];
  return () => {
    stops.forEach((stop) => stop());
    observer.disconnect();
    element.replaceChildren();
  };
}

/** @param {State} state @param {HTMLInputElement} slider @param {HTMLElement} stamp */
function showStep(state, slider, stamp) {
  const layer = activeOf(state);
  const times = axisOf(state, layer);
  const time = timeOf(state, layer);
  if (time === null || !times.length) return;
  const index = nearestIndex(times, time);
  slider.max = String(times.length - 1);
  slider.value = String(index);
  slider.style.setProperty("--filled", `${(100 * index) / Math.max(1, times.length - 1)}%`);
  const text = formatTime(time, hasClock(times));
  slider.setAttribute("aria-valuetext", text);
  stamp.replaceChildren(
    h("strong", {}, text),
    h("span", { className: "muted" }, `${(index + 1).toLocaleString("en")} / ${times.length.toLocaleString("en")}`),
  );
}

/** @param {HTMLElement} element @param {string[]} times */
function drawMarks(element, times) {
  const most = Math.max(2, Math.floor(element.clientWidth / MARK_PX));
  const last = Math.max(1, times.length - 1);
  element.replaceChildren(...axisMarks(times, most).map(({ index, label }) => {
    const mark = h("span", {}, label);
    mark.style.left = `${(100 * index) / last}%`;
    // A label that would run out of the bar is left out: the date shown says where the end is.
    mark.hidden = index > 0 && (1 - index / last) * element.clientWidth < LABEL_PX;
    return mark;
  }));
}

/** @param {Store} store */
function speedSelect(store) {
  const select = h("select", { className: "field speed", "aria-label": "Speed" },
    ...SPEEDS.map((speed) => h("option", { value: String(speed) }, `${speed} fps`)));
  select.value = String(store.get().speed);
  select.addEventListener("change", () => {
    store.set({ speed: Number(select.value) });
    select.blur();
  });
  return select;
}
