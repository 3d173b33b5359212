/** The range of the colours: typed, dragged on a histogram of what is in view, or fitted to it. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { activeStyle, patchActive } from "./active.js";
import { percentile, roundRange } from "./histogram.js";
import { followView } from "./inview.js";
import { isPossible } from "./scale.js";
import { mountSliders } from "./sliders.js";
import { tables } from "./tables.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Range} Range */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountRange(element, store) {
  const fields = [field("colour.lowest"), field("colour.highest")];
  const plot = h("div", { className: "histogram", title: t("colour.dragHint"), hidden: true });
  const note = h("p", { className: "field-note", role: "status", hidden: true });
  const tell = (/** @type {string} */ text) => Object.assign(note, { textContent: text, hidden: !text });
  /** @param {Range} range */
  const choose = (range) => {
    const now = activeStyle(store.get());
    if (!(range[0] < range[1])) return tell(t("colour.badRange"));
    if (now && !isPossible(now.scale, range)) return tell(t("colour.badLog"));
    patchActive(store, { rescale: range });
  };
  /** @param {number} low @param {number} high percent of what is in view */
  const fit = (low, high) => {
    view.measure();
    const values = fitting(view.values(), activeStyle(store.get())?.scale ?? "linear");
    const [from, to] = [percentile(values, low), percentile(values, high)];
    if (from < to) choose(roundRange(from, to));
    else tell(t("colour.nothing"));
  };
  const buttons = [
    way("2–98 %", t("colour.fit"), () => fit(2, 98)),
    way(t("colour.all"), t("colour.fitAll"), () => fit(0, 100)),
    iconButton("reset", t("colour.reset"), () => patchActive(store, { rescale: null })),
  ];
  element.append(h("div", { className: "labelled" }, h("span", {}, t("colour.range")),
    h("div", { className: "range" }, fields[0], h("span", { className: "muted" }, t("colour.to")), fields[1])),
  h("div", { className: "range-ways" }, ...buttons), note, plot);
  const view = followView(store, () => sliders.show());
  const sliders = mountSliders(plot, store, { values: view.values, choose, fit: () => fit(2, 98) });
  fields.forEach((input) => input.addEventListener("change", () => choose([read(fields[0]), read(fields[1])])));
  const show = () => {
    const now = activeStyle(store.get());
    fields.forEach((input, i) => (input.value = now?.rescale ? short(now.rescale[i]) : ""));
    fields.forEach((input) => (input.placeholder = now && !now.rescale ? t("colour.finding") : ""));
    buttons.slice(0, 2).forEach((button) => (button.hidden = now?.variable.kind === "composite"));
    buttons[2].disabled = !now?.layer.rescale;
    tell("");
    sliders.show();
  };
  const observer = new ResizeObserver(() => sliders.show());
  observer.observe(element);
  tables.addEventListener("change", show);
  const stop = store.subscribe(["layers", "active", "details", "ranges"], show);
  return () => {
    stop();
    view.stop();
    observer.disconnect();
    tables.removeEventListener("change", show);
    element.replaceChildren();
  };
}

/** What can be shown on a scale. @param {Float32Array} sorted @param {import("../types.js").Scale} scale */
function fitting(sorted, scale) {
  if (scale !== "log") return sorted;
  const first = sorted.findIndex((value) => value > 0);
  return first < 0 ? sorted.subarray(0, 0) : sorted.subarray(first);
}

/** @param {"colour.lowest" | "colour.highest"} name */
function field(name) {
  return h("input", { type: "text", inputMode: "decimal", className: "field", "aria-label": t(name), autocomplete: "off" });
}

/** @param {string} text @param {string} label @param {() => void} onclick */
function way(text, label, onclick) {
  return h("button", { type: "button", className: "chip", title: label, "aria-label": label, onclick }, text);
}

/** With a comma or a point, and any exponent. @param {HTMLInputElement} input */
function read({ value }) {
  const text = value.trim().replace(",", ".").replace("−", "-");
  return text ? Number(text) : NaN;
}

/** Computed ranges have digits that nobody wants to read. @param {number} value */
function short(value) {
  return String(Number(value.toPrecision(5)));
}
