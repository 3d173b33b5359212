/** Choosing a moment, or a stretch of time: by a calendar, by typing, the first or the latest. */
import { h } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, timeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock, nearestIndex } from "../lib/time.js";
import { segments } from "../shell/menu.js";
import { createCalendar } from "./calendar.js";
import { typedTime } from "./days.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {"moment" | "stretch"} Wanted */

/**
 * @param {Store} store
 * @returns {{nodes: Node[], focus: () => void, stop: () => void}}
 */
export function createChooser(store) {
  const times = axisOf(store.get(), activeOf(store.get()));
  const chosen = () => ({ shown: timeOf(store.get(), activeOf(store.get())) ?? times[0], range: store.get().range });
  /** @type {Wanted} */
  let wanted = "moment";
  /** What a stretch begins with, while its end is awaited. @type {string[] | null} */
  let begun = null;
  const hint = h("p", { className: "muted calendar-hint", role: "status" });
  const tell = () => {
    const text = (/** @type {string} */ time) => formatTime(time, hasClock(times));
    const [start, end] = (wanted === "stretch" && store.get().range) || [times[0], times[times.length - 1]];
    const isOpen = wanted === "stretch" && !store.get().range;
    hint.textContent = begun ? t("time.chooseEnd", { start: text(begun[0]) }) : isOpen ? t("time.chooseStart") : t("time.from", { start: text(start), end: text(end) });
  };
  const goTo = (/** @type {string} */ time) => store.set({ ...setTime(store.get(), time), playing: false });
  const calendar = createCalendar(times, chosen(), (steps) => {
    if (wanted === "moment") {
      const clock = chosen().shown.split("T")[1];
      return goTo(steps.find((time) => time.split("T")[1] === clock) ?? steps[0]);
    }
    if (!begun) begun = steps;
    else {
      store.set({ range: stretch(begun, steps, times) });
      begun = null;
    }
    calendar.show({ ...chosen(), range: begun ? [begun[0], begun[0]] : store.get().range });
    tell();
  });
  const modes = segments(t("time.choose"), [["moment", t("time.moment")], ["stretch", t("time.stretch")]], wanted, (value) => {
    [wanted, begun] = [/** @type {Wanted} */ (value), null];
    tell();
  });
  tell();
  const stop = store.subscribe(["time", "layers", "range"], () => begun ?? calendar.show(chosen()));
  return { nodes: [h("div", { className: "chooser" }, modes, hint, calendar.element, typing(times, goTo), ends(times, goTo))], focus: () => calendar.focus(), stop };
}

/** From the first step of the earlier to the last of the later; all of the axis is no range. @param {string[]} one @param {string[]} other @param {string[]} times @returns {[string, string] | null} */
function stretch(one, other, times) {
  const [low, high] = one[0] <= other[0] ? [one, other] : [other, one];
  const [start, end] = [low[0], high[high.length - 1]];
  return start === times[0] && end === times.at(-1) ? null : [start, end];
}

/** @param {string[]} times @param {(time: string) => void} goTo */
function typing(times, goTo) {
  const input = h("input", { className: "field", placeholder: times[times.length - 1].slice(0, 10), "aria-label": t("time.typed"), autocomplete: "off", spellcheck: false });
  const note = h("p", { className: "muted", role: "alert", hidden: true });
  const form = h("form", { className: "calendar-typed" }, input, h("button", { type: "submit", className: "button" }, t("time.go")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const time = typedTime(input.value);
    note.hidden = time !== null;
    note.textContent = t("time.badDate");
    input.setAttribute("aria-invalid", String(time === null));
    if (time) goTo(times[nearestIndex(times, time)]);
  });
  return h("div", {}, form, note);
}

/** @param {string[]} times @param {(time: string) => void} goTo */
function ends(times, goTo) {
  return h("div", { className: "calendar-ends" },
    h("button", { type: "button", className: "button", onclick: () => goTo(times[0]) }, t("time.first")),
    h("button", { type: "button", className: "button", onclick: () => goTo(times[times.length - 1]) }, t("time.latest")));
}
