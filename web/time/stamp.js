/** The moment that is shown; it opens the calendar. */
import { h } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, timeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock, nearestIndex } from "../lib/time.js";
import { createMenu } from "../shell/menu.js";
import { createCalendar } from "./calendar.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountStamp(element, store) {
  const { button, menu } = createMenu("calendar", t("time.calendar"), () => {
    const [times, time] = [timesOf(), timeOf(store.get(), activeOf(store.get()))];
    const choose = (/** @type {string} */ chosen) => store.set({ ...setTime(store.get(), chosen), playing: false });
    return time ? [createCalendar(times, time, choose)] : [];
  });
  const [moment, place] = [h("strong"), h("span", { className: "muted" })];
  const text = h("output", { className: "time-stamp" }, moment, place);
  const timesOf = () => axisOf(store.get(), activeOf(store.get()));
  element.append(button, menu, text);
  const stop = store.subscribe(["time", "axes", "details", "layers", "active"], (state) => {
    const layer = activeOf(state);
    const [times, time] = [axisOf(state, layer), timeOf(state, layer)];
    if (!time || !times.length) return;
    const count = (/** @type {number} */ number) => number.toLocaleString(document.documentElement.lang);
    moment.textContent = formatTime(time, hasClock(times));
    place.textContent = `${count(nearestIndex(times, time) + 1)} / ${count(times.length)}${layer?.time ? ` · ${t("time.ownBadge")}` : ""}`;
    button.hidden = times.length < 2;
  });
  return () => {
    stop();
    element.replaceChildren();
  };
}
