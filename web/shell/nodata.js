/** Says so where the map shows a place that the active layer has no data for, and leads back to them. */
import { h } from "../lib/dom.js";
import { activeOf, detailOf, unwrap } from "../lib/select.js";
import { t } from "../lib/text.js";
import { tellView } from "./view.js";

/** @typedef {import("../types.js").Box} Box */

/**
 * @param {HTMLElement} stage @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountNoData(stage, store) {
  const fit = h("button", { type: "button", className: "button", onclick: () => tellView("view:fit") }, t("shell.fit"));
  const pill = h("div", { className: "card pill", role: "status" });
  stage.append(pill);
  const stop = store.subscribe(["layers", "active", "details", "box", "mode"], (state) => {
    const bbox = detailOf(state, activeOf(state))?.bbox;
    const isAway = Boolean(state.mode === "map" && bbox && state.box && !overlap(bbox, state.box));
    pill.hidden = !isAway;
    if (!isAway) pill.replaceChildren();
    else if (!pill.firstChild) pill.append(h("span", {}, t("shell.noData")), fit);
  });
  return () => {
    stop();
    pill.remove();
  };
}

/** Whether two boxes share a place, on a world that is round. @param {Box} one @param {Box} other */
function overlap(one, other) {
  const [[west, south, east, north], [left, bottom, right, top]] = [unwrap(one), unwrap(other)];
  const meets = [-360, 0, 360].some((turn) => west < right + turn && left + turn < east);
  return meets && south < top && bottom < north;
}
