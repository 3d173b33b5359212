/** Where the cube has room on the page, and what is told of one of its cells. */
import { h } from "../lib/dom.js";
import { formatPlace, formatUnits, formatValue } from "../lib/number.js";
import { formatTime, hasClock } from "../lib/time.js";
import { coveredSides, isNarrow } from "../shell/room.js";
import { extentOf } from "./solid.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {{left: number, top: number, width: number, height: number}} Room pixels */

const GAP = 16;
const DEPTH = 0.8; // of the height
const LEAN = 24; // pixels: to the left its labels reach further
const LABELS = { width: 110, height: 76 }; // pixels beside and below the cube
/** How it is turned at first, degrees. */
export const START = { pitch: -24, yaw: -34 };

/** Beside the panels and the cube's own card; on a phone below that. @param {HTMLElement} element @param {HTMLElement} card @returns {Room} */
export function roomOf(element, card) {
  const { left, top, right, bottom } = coveredSides();
  const under = isNarrow() ? card.offsetTop + card.offsetHeight : top;
  const beside = isNarrow() ? right : Math.max(right, card.offsetWidth + 2 * GAP);
  return {
    left: left + LEAN, top: under,
    width: Math.max(80, element.clientWidth - left - LEAN - beside),
    height: Math.max(80, element.clientHeight - under - bottom),
  };
}

/** As large as there is room for, with its labels, as it is turned at first. @param {Room} room @param {Block | null} block @param {number} zoom */
export function sizeIn(room, block, zoom) {
  const [, rows, columns] = block?.shape ?? [1, 1, 1];
  const aspect = Math.min(2.2, Math.max(0.5, columns / rows));
  const scaled = (/** @type {number} */ height) => ({ width: height * aspect, height, depth: height * DEPTH });
  // Nearer parts look larger, so that the extent does not grow by as much as the sides: twice is near enough.
  const fitted = (/** @type {number} */ height) => {
    const seen = extentOf(scaled(height), START);
    return height * Math.min((room.width - LABELS.width) / seen.width, (room.height - LABELS.height) / seen.height);
  };
  return scaled(zoom * Math.max(40, fitted(fitted(200))));
}

/** @param {Block} block @param {{step: number, lat: number, lon: number, value: number}} place */
export function linesOf({ units, times }, { step, lat, lon, value }) {
  const text = Number.isNaN(value) ? "–" : [formatValue(value), formatUnits(units)].filter(Boolean).join(" ");
  return [
    h("p", { className: "readout-line is-only" }, h("strong", {}, text)),
    h("p", { className: "readout-place" }, formatTime(times[step] ?? "", hasClock(times))),
    h("p", { className: "readout-place" }, formatPlace(lat, lon)),
  ];
}
