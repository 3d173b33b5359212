/** For who is signed in: addresses of a dataset that hold without a key for a while, for programs that cannot send one. */
import { askWell } from "../ask.js";
import { path } from "../lib/address.js";
import { h } from "../lib/dom.js";
import { formatMoment } from "../lib/moment.js";
import { activeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { callerOf } from "./key.js";

/** @typedef {import("../types.js").Store} Store */

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const SPANS_S = [2 * HOUR_S, 12 * HOUR_S, 2 * DAY_S, 7 * DAY_S];

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountSigning(element, store) {
  if (!callerOf()) return () => {};
  const span = h("select", { className: "field", "aria-label": t("access.signFor") }, ...SPANS_S.map((seconds) => h("option", { value: String(seconds) }, spanText(seconds))));
  const note = h("p", { className: "muted", role: "status" });
  const button = h("button", { type: "button", className: "button" }, t("access.sign"));
  button.addEventListener("click", () => void sign(store, Number(span.value), (text) => (note.textContent = text)));
  element.classList.add("signing");
  element.append(note, h("div", { className: "signing-choice" }, span, button));
  return store.subscribe(["layers", "active", "signed"], (state) => {
    const signed = state.signed[activeOf(state)?.dataset ?? ""];
    note.textContent = signed ? t("access.signed", { time: formatMoment(signed.expires) }) : t("access.addresses");
  });
}

/** @param {number} seconds */
function spanText(seconds) {
  return seconds < DAY_S ? t("access.signHours", { count: seconds / HOUR_S }) : t("access.signDays", { count: seconds / DAY_S });
}

/** @param {Store} store @param {number} seconds @param {(text: string) => void} tell */
async function sign(store, seconds, tell) {
  const { dataset } = activeOf(store.get()) ?? {};
  if (!dataset) return;
  try {
    const answer = await askWell(`datasets/${path(dataset)}/sign?expires_s=${seconds}`, { method: "POST" });
    const { base, expires } = await answer.json();
    store.set({ signed: { ...store.get().signed, [dataset]: { base, expires } } });
  } catch (error) {
    tell(/** @type {Error} */ (error).message);
  }
}
