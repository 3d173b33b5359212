/** Controls of the globe alone: north up, and the terrain. */
import { h, icon } from "../lib/dom.js";
import { getLanguage, t } from "../lib/text.js";
import { terrainChoices } from "./heights.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */

const FACTORS = { min: "0.5", max: "50", step: "0.5" };

/** The configured terrain first, then what else is in metres. @param {State} state */
function choicesOf({ config, details, terrain }) {
  const found = terrainChoices(details);
  const named = [config?.terrain, terrain].flatMap((one) => (one ? [{ ...one, title: `${one.variable} · ${one.dataset}` }] : []));
  const all = [...named.map((one) => found.find((other) => isSame(one, other)) ?? one), ...found];
  return all.filter((one, i) => all.findIndex((other) => isSame(one, other)) === i);
}

/** @typedef {{dataset: string, variable: string}} Name @param {Name} a @param {Name} b */
const isSame = (a, b) => a.dataset === b.dataset && a.variable === b.variable;

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountControls(element, store) {
  const select = h("select", { className: "field" });
  const slider = h("input", { type: "range", ...FACTORS, "aria-label": t("globe.factor") });
  const output = h("output", { className: "muted" });
  const level = h("button", {
    type: "button", className: "icon-button", title: t("globe.level"), "aria-label": t("globe.level"),
    onclick: () => element.dispatchEvent(new CustomEvent("view:level")),
  }, icon("north"));
  const factor = h("div", { className: "globe-factor" }, slider, output);
  const terrain = h("label", { className: "globe-terrain" }, h("span", {}, t("globe.terrain")), select);
  const card = h("div", { className: "card globe-controls" }, level, terrain, factor);
  element.append(card);
  select.addEventListener("change", () => {
    const chosen = choicesOf(store.get())[Number(select.value)];
    const { factor: times = 1 } = store.get().terrain ?? {};
    store.set({ terrain: chosen ? { dataset: chosen.dataset, variable: chosen.variable, factor: times } : null });
  });
  slider.addEventListener("input", () => {
    const now = store.get().terrain;
    if (now) store.set({ terrain: { ...now, factor: slider.valueAsNumber } });
  });
  const stop = store.subscribe(["terrain", "config", "details"], (state) => {
    const choices = choicesOf(state);
    select.replaceChildren(h("option", { value: "" }, t("globe.smooth")), ...choices.map(({ title }, i) => h("option", { value: String(i) }, title)));
    const index = choices.findIndex((one) => state.terrain && isSame(one, state.terrain));
    select.value = index < 0 ? "" : String(index);
    terrain.hidden = !choices.length;
    factor.hidden = !state.terrain;
    const times = state.terrain?.factor ?? 1;
    slider.value = String(times);
    output.textContent = t("globe.factorOf", { factor: times.toLocaleString(getLanguage()) });
    slider.setAttribute("aria-valuetext", output.textContent);
  });
  return () => {
    stop();
    card.remove();
  };
}
