/** The window in which a picture or an animation of the map is looked at, chosen and saved. */
import { h } from "../lib/dom.js";
import { activeOf, timeOf } from "../lib/select.js";
import { decimal } from "../lib/number.js";
import { t } from "../lib/text.js";
import { openDialog } from "../shell/dialog.js";
import { field, filmFields, kindField, partFields, sizeFields, usualStride } from "./choice.js";
import { FORMATS, obstacle } from "./encoder.js";
import { makePreview } from "./preview.js";
import { usualTitle } from "./picture.js";
import { stepsOf } from "./recording.js";
import { saving } from "./saving.js";
import { thinned } from "./size.js";

/** @typedef {import("./choice.js").Choice} Choice */
/** @typedef {import("../types.js").State} State */

const USUAL_FPS = 5;

/** @param {State} state @param {import("./size.js").Size} size @returns {Choice} */
function usual(state, size) {
  const isSmall = size.width * size.height <= 1920 * 1080;
  const parts = { title: true, time: true, legend: true, scale: true, attribution: true, basemap: true };
  return {
    kind: "picture", size: isSmall ? size : { width: 1920, height: 1080 }, title: usualTitle(state), parts,
    format: "gif", fps: state.speed ? Math.min(30, Math.max(1, Math.round(state.speed))) : USUAL_FPS, stride: usualStride(stepsOf(state).length),
  };
}

/** @param {import("../types.js").Store} store */
export function openExport(store) {
  const state = store.get();
  const map = /** @type {HTMLElement} */ (document.getElementById("map"));
  const size = { width: map.clientWidth, height: map.clientHeight };
  const steps = stepsOf(state);
  const hasTime = timeOf(state, activeOf(state)) !== null;
  let choice = usual(state, size);
  const closing = new AbortController();
  const preview = makePreview(state, size, closing.signal);
  const film = h("div", { className: "export-film" });
  const formats = formatField(closing.signal, (format) => change({ format }));
  const count = h("p", { className: "muted" });
  film.append(formats.element, ...filmFields(choice, (patch) => change(patch), steps.length), count);

  /** @param {Partial<Choice>} patch */
  const change = (patch) => {
    choice = { ...choice, ...patch };
    film.hidden = choice.kind === "picture";
    const frames = thinned(steps, choice.stride).length;
    count.textContent = t("export.frames", { count: frames, seconds: decimal(String(Number((frames / choice.fps).toFixed(1)))) });
    if (patch.size || patch.kind) void formats.check(choice.size);
    if (!("format" in patch || "fps" in patch || "stride" in patch)) preview.show(choice);
  };
  const form = h("form", { className: "export-form", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    kindField(choice, change, hasTime && steps.length > 1), film, ...sizeFields(size, change), ...partFields(choice, change, hasTime),
    saving(state, () => choice, closing.signal));
  const dialog = openDialog(t("export.title"), h("div", { className: "export" }, preview.element, form));
  dialog.classList.add("is-wide");
  dialog.addEventListener("close", () => closing.abort());
  change({ kind: "picture" });
}

/**
 * Formats of animations; those that cannot be made are told why.
 * @param {AbortSignal} signal @param {(format: import("./encoder.js").Format) => void} choose
 */
function formatField(signal, choose) {
  const select = h("select", { className: "field" }, ...FORMATS.map((format) => h("option", { value: format }, format === "webm" ? "WebM" : format.toUpperCase())));
  const note = h("p", { className: "muted", role: "status" });
  select.addEventListener("change", () => choose(/** @type {import("./encoder.js").Format} */ (select.value)));
  /** @param {import("./size.js").Size} size */
  const check = async (size) => {
    const reasons = await Promise.all(FORMATS.map((format) => obstacle(format, size)));
    if (signal.aborted) return;
    reasons.forEach((reason, i) => (select.options[i].disabled = reason !== null));
    note.textContent = [...new Set(reasons.filter(Boolean))].join(" ");
    note.hidden = !note.textContent;
    if (select.selectedOptions[0]?.disabled) {
      select.value = "gif";
      choose("gif");
    }
  };
  return { element: h("div", { className: "export-format" }, field(t("export.format"), select), note), check };
}
