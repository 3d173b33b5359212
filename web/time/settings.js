/** How time is played, and whose it is: in a menu of the bar of time. */
import { h, iconButton } from "../lib/dom.js";
import { patchLayer } from "../lib/layers.js";
import { activeOf, timeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { createMenu, menuItem, segments } from "../shell/menu.js";

/** @typedef {import("../types.js").Store} Store */

const SPEEDS = [1, 2, 4, 8, 10, 16, 30];

const CLOSER = 0.4;

/** @param {Store} store @param {HTMLElement} axis @returns {Node[]} */
export function createSettings(store, axis) {
  const { button, menu } = createMenu("settings", t("time.settings"), (close) => {
    const state = store.get();
    const layer = activeOf(state);
    return [
      speed(store),
      segments(t("time.repeat"), [["loop", t("time.loop")], ["bounce", t("time.bounce")], ["once", t("time.once")]],
        state.repeat, (repeat) => store.set({ repeat })),
      segments(t("time.whose"), [["all", t("time.all")], ["own", t("time.own")]], layer?.time ? "own" : "all",
        (whose) => layer && store.set(patchLayer(store.get(), layer.id, { time: whose === "own" ? timeOf(store.get(), layer) : null }))),
      looks(axis),
      ...(state.range ? [menuItem("reset", t("time.wholeRange"), () => {
        store.set({ range: null });
        close();
      })] : []),
    ];
  });
  return [button, menu];
}

/** @param {Store} store */
function speed(store) {
  const select = h("select", { className: "field", "aria-label": t("time.speed") },
    ...SPEEDS.map((value) => h("option", { value: String(value), selected: value === store.get().speed }, t("time.perSecond", { count: value }))));
  select.addEventListener("change", () => store.set({ speed: Number(select.value) }));
  return h("label", { className: "menu-field stacked" }, h("span", {}, t("time.speed")), select);
}

/** Buttons for what the wheel does. @param {HTMLElement} axis */
function looks(axis) {
  const look = (/** @type {number} */ factor) => () => axis.querySelector(".time-field")?.dispatchEvent(new CustomEvent("time:look", { detail: factor }));
  return h("div", { className: "menu-field stacked", role: "group", "aria-label": t("time.look") }, h("span", {}, t("time.look")),
    h("div", { className: "time-looks" }, iconButton("plus", t("time.closer"), look(CLOSER)), iconButton("minus", t("time.farther"), look(1 / CLOSER)), iconButton("fit", t("time.wholeAxis"), look(Infinity))));
}
