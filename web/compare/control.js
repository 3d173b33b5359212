/** The tool that says what is compared: two layers or two times, at a line or side by side. */
import { h, iconButton } from "../lib/dom.js";
import { activeOf, axisOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock, nearestIndex } from "../lib/time.js";
import { createMenu, segments } from "../shell/menu.js";
import { otherOf, otherTime } from "./sides.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Compare} Compare */

/** Two times, where there are; else two layers. @param {import("../types.js").State} state @returns {Compare} */
function usual(state) {
  const by = state.layers.length > 1 || axisOf(state, activeOf(state)).length < 2 ? "layer" : "time";
  return { kind: "swipe", by, layer: null, time: null, at: 0.5 };
}

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountCompareControl(element, store) {
  const choices = h("div", { className: "compare-choices" });
  const menu = createMenu("compare", t("compare.title"), () => {
    fill(choices, store);
    return [choices];
  });
  element.append(menu.button, menu.menu);
  const stop = store.subscribe(["compare"], ({ compare }) => menu.button.classList.toggle("is-on", compare !== null));
  return () => {
    stop();
    element.replaceChildren();
  };
}

/** @param {HTMLElement} element @param {Store} store */
function fill(element, store) {
  const state = store.get();
  const { compare } = state;
  /** @param {Partial<Compare> | null} change */
  const set = (change) => {
    const focused = /** @type {HTMLInputElement | null} */ (document.activeElement);
    const [name, value] = [focused?.name, focused?.value];
    store.set({ compare: change && { ...(store.get().compare ?? usual(state)), ...change }, ...(change && { mode: /** @type {const} */ ("map") }) });
    fill(element, store);
    if (name) /** @type {HTMLElement | null} */ (element.querySelector(`input[name="${CSS.escape(name)}"][value="${CSS.escape(value ?? "")}"]`))?.focus();
  };
  element.replaceChildren(
    segments(t("compare.kind"), [["off", t("compare.off")], ["swipe", t("compare.swipe")], ["side", t("compare.side")]],
      compare?.kind ?? "off", (kind) => set(kind === "off" ? null : { kind })),
    ...(compare ? [
      segments(t("compare.by"), [["layer", t("compare.layers")], ["time", t("compare.times")]], compare.by, (by) => set({ by })),
      compare.by === "layer" ? layerField(store, set) : timeField(store),
    ] : []),
  );
}

/** @param {Store} store @param {(change: Partial<Compare>) => void} set */
function layerField(store, set) {
  const state = store.get();
  const active = activeOf(state);
  const others = state.layers.filter(({ id }) => id !== active?.id);
  if (!others.length) return h("p", { className: "muted" }, t("compare.oneLayer"));
  const titleOf = (/** @type {import("../types.js").Layer} */ layer) => variableOf(state, layer)?.title || layer.variable || layer.dataset;
  const select = h("select", { className: "field", onchange: () => set({ layer: select.value }) },
    ...others.map((layer) => h("option", { value: layer.id }, titleOf(layer))));
  select.value = otherOf(state)?.id ?? "";
  return h("label", { className: "labelled" }, h("span", {}, t("compare.withLayer")), select);
}

/** @param {Store} store */
function timeField(store) {
  const times = axisOf(store.get(), activeOf(store.get()));
  if (times.length < 2) return h("p", { className: "muted" }, t("compare.oneTime"));
  const slider = h("input", { type: "range", min: "0", max: String(times.length - 1), step: "1", "aria-label": t("compare.withTime") });
  const output = h("output", {});
  const show = (/** @type {number} */ index) => {
    const text = formatTime(times[index], hasClock(times));
    slider.value = String(index);
    slider.setAttribute("aria-valuetext", text);
    output.textContent = text;
  };
  const choose = (/** @type {number} */ index) => {
    const at = Math.max(0, Math.min(times.length - 1, index));
    const { compare } = store.get();
    if (compare) store.set({ compare: { ...compare, time: times[at] } });
    show(at);
  };
  slider.addEventListener("input", () => choose(slider.valueAsNumber));
  show(nearestIndex(times, otherTime(store.get())));
  return h("div", { className: "menu-field compare-time" },
    h("span", { className: "compare-time-head" }, h("span", {}, t("compare.withTime")), output),
    h("div", { className: "compare-time-row" },
      iconButton("previous", t("compare.earlier"), () => choose(slider.valueAsNumber - 1)), slider,
      iconButton("next", t("compare.later"), () => choose(slider.valueAsNumber + 1))));
}
