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
    moment.textContent = formatTime(time, hasClock(times));
    place.textContent = `${count(nearestIndex(times, time) + 1)} / ${count(times.length)}${layer?.time ? ` · ${t("time.ownBadge")}` : ""}`;
    button.hidden = times.length < 2;
  });
  return () => {
    stop();
    element.replaceChildren();
  };
}
