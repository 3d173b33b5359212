/** The foot of the window: saves what is chosen, tells how far it is, and can be told to stop. */
import { isAbort } from "../api.js";
import { h, icon } from "../lib/dom.js";
import { activeOf, timeOf, variableOf } from "../lib/select.js";
import { decimal } from "../lib/number.js";
import { t } from "../lib/text.js";
import { fileName } from "./filename.js";
import { drawPicture } from "./picture.js";
import { record, stepsOf } from "./recording.js";
import { thinned } from "./size.js";

/** @typedef {import("./choice.js").Choice} Choice */
/** @typedef {import("../types.js").State} State */

const FREE_AFTER_MS = 60_000;

/** @param {State} state @param {() => Choice} chosen @param {AbortSignal} closing */
export function saving(state, chosen, closing) {
  let work = new AbortController();
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("export.preview") });
  const note = h("p", { className: "muted", role: "status" });
  const save = h("button", { type: "submit", className: "button is-primary", onclick: () => void run() }, icon("download"), t("export.make"));
  const cancel = h("button", { type: "button", className: "button", hidden: true, onclick: () => work.abort() }, t("export.cancel"));
  closing.addEventListener("abort", () => work.abort());

  /** @param {number} done @param {number} count */
  const progress = (done, count) => {
    bar.hidden = false;
    bar.value = done / count;
    note.textContent = t("export.progress", { done: Math.min(done + 1, count), count });
  };

  async function run() {
    work = new AbortController();
    save.disabled = true;
    cancel.hidden = false;
    note.textContent = "";
    try {
      const choice = chosen();
      const blob = await make(state, choice, work.signal, progress);
      const name = nameOf(state, choice);
      hand(blob, name);
      note.textContent = t("export.done", { name, size: formatBytes(blob.size) });
    } catch (error) {
      note.textContent = isAbort(error) ? "" : t("export.failed", { message: /** @type {Error} */ (error).message });
    } finally {
      save.disabled = false;
      cancel.hidden = bar.hidden = true;
    }
  }
  return h("div", { className: "export-foot" }, note, bar, h("div", { className: "export-buttons" }, cancel, save));
}

/** @param {State} state @param {Choice} choice @param {AbortSignal} signal @param {(done: number, count: number) => void} progress @returns {Promise<Blob>} */
async function make(state, choice, signal, progress) {
  if (choice.kind === "animation") return record(state, choice, choice, signal, progress);
  const canvas = await drawPicture(state, choice, signal);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("PNG"))), "image/png"));
}

/** Dataset, variable and time, or first and last. @param {State} state @param {Choice} choice */
function nameOf(state, { kind, format, stride }) {
  const layer = activeOf(state);
  const steps = thinned(stepsOf(state), stride);
  const times = kind === "animation" ? [steps[0], steps.at(-1)] : [timeOf(state, layer)];
  return fileName([layer?.dataset, layer?.expression ?? variableOf(state, layer)?.id, ...times], kind === "animation" ? format : "png");
}

/** As a download. @param {Blob} blob @param {string} name */
function hand(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), FREE_AFTER_MS);
}

/** @param {number} bytes */
function formatBytes(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${decimal((bytes / 1e6).toFixed(1))} MB`;
}
