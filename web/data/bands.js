/** A picture of three variables: which is red, green and blue makes an expression. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { quoted } from "./completion.js";

const CHANNELS = /** @type {const} */ (["red", "green", "blue"]);

/**
 * @param {HTMLElement} element @param {import("../types.js").Detail} detail
 * @param {(expression: string) => void} onchange
 */
export function mountBands(element, detail, onchange) {
  const single = detail.variables.filter(({ kind, style }) => kind === "variable" && !style.categories);
  const selects = CHANNELS.map((channel, i) => h("select", { className: "field", "aria-label": t(`data.${channel}`) },
    ...single.map(({ id, title }) => h("option", { value: id, selected: id === single[Math.min(single.length - 1, 2 - i)].id }, title || id))));
  const tell = () => onchange(selects.map(({ value }) => quoted(value)).join("; "));
  selects.forEach((select) => select.addEventListener("change", tell));
  element.append(...CHANNELS.map((channel, i) => h("label", { className: "labelled" }, h("span", {}, t(`data.${channel}`)), selects[i])));
  element.addEventListener("toggle", () => /** @type {HTMLDetailsElement} */ (element).open && tell());
}
