/** Who changed what, the latest first. */
import { h } from "../lib/dom.js";
import { formatMoment } from "../lib/moment.js";
import { getChanges } from "./admin.js";
import { redraw, table } from "./table.js";
import { known, w } from "./words.js";

const PAGE = 50;

/** @param {HTMLElement} element @param {import("./datasets.js").Told} told */
export function mountChanges(element, told) {
  let limit = PAGE;
  const list = h("div");
  const more = h("button", { type: "button", className: "button", hidden: true }, w("more"));
  more.addEventListener("click", () => {
    limit += PAGE;
    void told.again();
  });
  element.append(list, more);
  return {
    /** @param {AbortSignal} signal */
    look: async (signal) => {
      const { changes } = await getChanges(limit, signal);
      more.hidden = changes.length < limit;
      redraw(list, changes, () => [table(w("tab.changes"), [w("when"), w("who"), w("action"), w("dataset"), w("details")], changes.map(row), w("noChanges"))]);
    },
  };
}

/** @param {import("./admin.js").Change} change @param {number} i */
function row({ when, who, action, dataset, before, after }, i) {
  const what = JSON.stringify({ ...(before ? { before } : {}), ...(after ? { after } : {}) }, null, 2);
  const details = before || after ? h("details", {}, h("summary", {}, "{ }"), h("pre", { tabIndex: 0 }, what)) : null;
  return { key: `${when} ${i}`, cells: [h("time", { dateTime: when }, formatMoment(when)), who, known(`action.${action}`, action), dataset, details] };
}
