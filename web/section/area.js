/** The area that is averaged: what the map shows, the chosen place, or all there is. Pure. */
import { areaOf } from "../cube/area.js";
import { clip } from "../cube/block.js";
import { formatTime } from "../lib/time.js";
import { activeOf, detailOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { degreesText } from "./plot.js";
import { blockAddress, isArea } from "./question.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Box} Box */

const WORLD = /** @type {Box} */ ([-180, -90, 180, 90]);

/** @param {State} state @param {import("./question.js").Area} area @returns {Box} */
export function boxOf(state, area) {
  const whole = detailOf(state, activeOf(state))?.bbox ?? WORLD;
  if (area === "place") return areaOf(state) ?? whole;
  return area === "view" && state.box ? clip(state.box, whole) : whole;
}

/** @param {State} state @param {"latitude" | "longitude"} kind @param {import("./question.js").Area} area */
export function diagramOfBox(state, kind, area) {
  const box = boxOf(state, area);
  return isArea(box) ? blockAddress(state, kind, box) : null;
}

/** What the diagram is of, in words. @param {State} state @param {import("./diagram.js").Diagram} diagram */
export function noteOf({ section }, { kind, low, high, times }) {
  const stretch = t("section.stretch", { count: times.length, from: formatTime(times[0]), to: formatTime(times[times.length - 1]) });
  if (kind === "distance") return stretch;
  const ends = { low: degreesText(kind, low, 1), high: degreesText(kind, high, 1) };
  return `${t(`section.note.${section === "latitude" ? "latitude" : "longitude"}`, ends)} ${stretch}`;
}
