/** What is cut off along each axis, and the area: sliders and buttons beside the cube. */
import { h } from "../lib/dom.js";
import { formatPlace } from "../lib/number.js";
import { t } from "../lib/text.js";
import { formatTime, hasClock } from "../lib/time.js";
import { cellsLeft, widthOf } from "./block.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Cut} Cut */
/** @typedef {"view" | "whole" | "place" | "drawn"} Area */

const AXES = /** @type {const} */ (["time", "latitude", "longitude"]);

/** Where the cut faces are, in words. @param {Block} block @param {Cut} cut @returns {[string, string, string]} */
function wordsOf(block, cut) {
  const left = cellsLeft(block, cut);
  const [, height, width] = block.shape;
  const [west, south, , north] = block.box;
  const lon = west + (left.width / width) * widthOf(block.box);
  const [lat, east] = formatPlace(north - (left.top / height) * (north - south), lon > 180 ? lon - 360 : lon).split(", ");
  return [formatTime(block.times[left.steps - 1] ?? "", hasClock(block.times)), lat, east];
}

/**
 * @param {HTMLElement} element
 * @param {{oncut: (cut: Cut) => void, onarea: (area: Area) => void}} listeners
 */
export function createControls(element, { oncut, onarea }) {
  /** @type {Cut} */
  let now = [1, 0, 1];
  const rows = AXES.map((axis, i) => {
    const slider = h("input", { type: "range", min: "0", max: "1", step: "any", "aria-label": t(`cube.${axis}`) });
    const output = h("output", {});
    slider.addEventListener("input", () => {
      const cut = /** @type {Cut} */ ([...now]);
      cut[i] = i === 1 ? 1 - slider.valueAsNumber : slider.valueAsNumber;
      oncut(cut);
    });
    return { slider, output, row: h("label", { className: "cube-axis" }, h("span", {}, t(`cube.${axis}`)), output, slider) };
  });
  const areas = /** @type {Area[]} */ (["view", "whole", "place", "drawn"]);
  const buttons = areas.map((area) => h("button", { type: "button", className: "button", onclick: () => onarea(area) }, t(`cube.area.${area}`)));
  const whole = h("button", { type: "button", className: "button", onclick: () => oncut([1, 0, 1]) }, t("cube.uncut"));
  element.append(
    ...rows.map(({ row }) => row),
    h("fieldset", { className: "cube-areas" }, h("legend", {}, t("cube.area")), ...buttons),
    whole,
    h("p", { className: "muted cube-hint" }, t("cube.hint")),
  );
  return {
    /** @param {Block | null} block @param {Cut} cut @param {boolean} hasArea whether an area is chosen */
    show(block, cut, hasArea) {
      now = cut;
      buttons[2].hidden = !hasArea;
      const words = block ? wordsOf(block, cut) : ["", "", ""];
      rows.forEach(({ slider, output }, i) => {
        slider.disabled = !block;
        slider.step = block ? String(1 / block.shape[i]) : "any";
        slider.value = String(i === 1 ? 1 - cut[i] : cut[i]);
        output.textContent = words[i];
        slider.setAttribute("aria-valuetext", words[i]);
      });
    },
  };
}
