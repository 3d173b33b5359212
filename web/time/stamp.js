/** The moment that is shown; it opens the calendar. */
import { h } from "../lib/dom.js";
import { activeOf, axisOf, timeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock, nearestIndex } from "../lib/time.js";
import { createMenu } from "../shell/menu.js";
import { createChooser } from "./chooser.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountStamp(element, store) {
  /** @type {ReturnType<typeof createChooser> | null} */
  let chooser = null;
  const { button, menu } = createMenu("calendar", t("time.calendar"), () => {
    chooser = createChooser(store);
    return chooser.nodes;
  });
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return chooser?.focus();
    chooser?.stop();
    chooser = null;
  });
  const [moment, place] = [h("strong"), h("span", { className: "muted" })];
  const text = h("output", { className: "time-stamp" }, moment, place);
  element.append(button, menu, text);
  const stop = store.subscribe(["time", "axes", "details", "layers", "active"], (state) => {
    const layer = activeOf(state);
    const [times, time] = [axisOf(state, layer), timeOf(state, layer)];
    if (!time || !times.length) return;
    const count = (/** @type {number} */ number) => number.toLocaleString(document.documentElement.lang);
    const [date, whole] = [formatTime(time), formatTime(time, hasClock(times))];
    const clock = whole.slice(date.length);
    const own = layer?.time ? ` · ${t("time.ownBadge")}` : "";
    // Where the bar is narrow the clock is below.
    moment.replaceChildren(date, h("span", { className: "time-clock" }, clock));
    place.replaceChildren(clock && h("span", { className: "time-clock-below" }, `${clock.replace(/^\W+/, "")} · `),
      `${count(nearestIndex(times, time) + 1)} / ${count(times.length)}${own}`);
    button.hidden = times.length < 2;
  });
  return () => {
    stop();
    element.replaceChildren();
  };
}
