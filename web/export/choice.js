/** The fields of the window: what is chosen in them is one object, told after every change. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { segments } from "../shell/menu.js";
import { PARTS } from "./picture.js";
import { LEAST, MOST, limitSide, strideFor } from "./size.js";

/**
 * @typedef {import("./size.js").Size} Size
 * @typedef {import("./picture.js").Wish & import("./recording.js").Film & {kind: "picture" | "animation"}} Choice
 * @typedef {(patch: Partial<Choice>) => void} Change
 */

const MOST_FRAMES = 200; // at first: a long axis is thinned out to so many
const STRIDES = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 24, 30, 50, 100, 365];
const MOST_FPS = 30;

/** @param {string} text @param {Node} control */
export function field(text, control) {
  return h("label", { className: "export-field" }, h("span", {}, text), control);
}

/** @param {Choice} choice @param {Change} change @param {boolean} hasTime */
export function kindField({ kind }, change, hasTime) {
  /** @type {[Choice["kind"], string][]} */
  const kinds = [["picture", t("export.picture")], ["animation", t("export.animation")]];
  const node = segments(t("export.kind"), kinds, kind, (value) => change({ kind: value }));
  node.hidden = !hasTime;
  return node;
}

/** @param {Choice} choice @param {Change} change @param {boolean} hasTime */
export function partFields({ parts: chosen, title }, change, hasTime) {
  const parts = { ...chosen };
  const boxes = PARTS.filter((part) => part !== "time" || hasTime).map((part) => h("label", { className: "export-check" },
    h("input", {
      type: "checkbox", checked: parts[part],
      onchange: (/** @type {Event} */ { target }) => {
        parts[part] = /** @type {HTMLInputElement} */ (target).checked;
        change({ parts: { ...parts } });
      },
    }),
    h("span", {}, part === "title" ? t("export.titleText") : t(`export.${part}`))));
  const text = h("input", { className: "field", value: title, maxLength: 120, oninput: () => change({ title: text.value }) });
  return [
    field(t("export.titleText"), text),
    h("fieldset", { className: "export-parts" }, h("legend", {}, t("export.parts")), ...boxes),
  ];
}

/** @param {Size} map @param {Change} change */
export function sizeFields(map, change) {
  const twice = { width: limitSide(2 * map.width), height: limitSide(2 * map.height) };
  const square = { width: 1080, height: 1080 };
  const wide = [{ width: 1280, height: 720 }, { width: 1920, height: 1080 }];
  /** @type {[string, Size][]} */
  const presets = [
    [t("export.like", { ...map }), map], [t("export.twice", { ...twice }), twice],
    ...wide.map((size) => /** @type {[string, Size]} */ ([`${size.width} × ${size.height}`, size])),
    [t("export.square", { ...square }), square],
  ];
  const own = { ...map };
  const sides = h("div", { className: "export-sides", hidden: true },
    ...(/** @type {const} */ (["width", "height"])).map((side) => sideField(side, own, change)));
  const select = h("select", { className: "field" },
    ...presets.map(([text], i) => h("option", { value: String(i) }, text)), h("option", { value: "" }, t("export.custom")));
  select.addEventListener("change", () => {
    sides.hidden = select.value !== "";
    change({ size: { ...(select.value === "" ? own : presets[Number(select.value)][1]) } });
  });
  return [field(t("export.size"), select), sides];
}

/** @param {"width" | "height"} side @param {Size} own is changed @param {Change} change */
function sideField(side, own, change) {
  const input = h("input", { type: "number", className: "field", min: String(LEAST), max: String(MOST), value: String(own[side]) });
  input.addEventListener("change", () => {
    own[side] = limitSide(input.valueAsNumber);
    input.value = String(own[side]);
    change({ size: { ...own } });
  });
  return field(t(`export.${side}`), input);
}

/** How fast, and which steps, of an animation. @param {Choice} choice @param {Change} change @param {number} count of steps */
export function filmFields({ fps, stride }, change, count) {
  const speed = h("input", { type: "number", className: "field", min: "1", max: String(MOST_FPS), value: String(fps) });
  speed.addEventListener("change", () => {
    speed.value = String(Math.min(MOST_FPS, Math.max(1, Math.round(speed.valueAsNumber) || 1)));
    change({ fps: Number(speed.value) });
  });
  const strides = [...new Set([...STRIDES.filter((every) => every < count), stride])].sort((a, b) => a - b);
  const steps = h("select", { className: "field" },
    ...strides.map((every) => h("option", { value: String(every) }, every === 1 ? t("export.every") : t("export.everyNth", { count: every }))));
  steps.value = String(stride);
  steps.addEventListener("change", () => change({ stride: Number(steps.value) }));
  return [field(t("export.steps"), steps), field(t("export.fps"), speed)];
}

/** @param {number} count of steps */
export function usualStride(count) {
  return strideFor(count, MOST_FRAMES);
}
