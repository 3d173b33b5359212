/** What each side shows, in words at its top. */
import { h } from "../lib/dom.js";
import { formatTime, hasClock } from "../lib/time.js";
import { factsOf, labelled } from "./sides.js";

/** @typedef {import("../types.js").State} State */

/** What is told of a side: what differs comes first. @param {State} state @returns {{strong: string, muted: string}[]} */
export function labelsOf(state) {
  const sides = labelled(state).map((layer) => layer && factsOf(state, layer));
  return sides.map((side) => {
    if (!side) return { strong: "–", muted: "" };
    const time = side.time ? formatTime(side.time, hasClock(side.times)) : "";
    if (state.compare?.by === "time") return { strong: time || side.title, muted: time && side.title };
    return { strong: side.title, muted: [side.dataset, time].filter(Boolean).join(" · ") };
  });
}

/** @param {"left" | "right"} side */
export function createLabel(side) {
  const [strong, muted] = [h("strong"), h("span", { className: "muted" })];
  const element = h("p", { className: `card compare-label is-${side}` }, strong, muted);
  return {
    element,
    /** @param {{strong: string, muted: string}} words */
    show(words) {
      strong.textContent = words.strong;
      muted.textContent = words.muted;
    },
  };
}
