/** Labels at the cube's corners: where its axes begin and end, and the moment that is at the front. */
import { h } from "../lib/dom.js";
import { formatPlace } from "../lib/number.js";
import { formatTime, hasClock } from "../lib/time.js";
import { widthOf } from "./block.js";
import { project } from "./solid.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {{text: string, point: [number, number, number], side: string, isCut?: boolean}} Mark point in shares of the cube's sides, from its middle; `side` how far its text is moved, in shares of itself */

const AWAY = 1.05; // of the way from the middle to the corner

/** @param {Block} block @param {import("./block.js").Cut} drawn @returns {Mark[]} */
function marksOf({ box, times }, [time, north, east]) {
  const [west, south, , top] = box;
  const place = (/** @type {number} */ lat, /** @type {number} */ lon) => formatPlace(lat, lon > 180 ? lon - 360 : lon, 1).split(", ");
  const moment = (/** @type {number} */ step) => formatTime(times[step] ?? "", hasClock(times));
  const front = Math.round(time * times.length) - 1;
  const isCut = front < times.length - 1;
  return [
    { text: place(0, west)[1], point: [-0.5, 0.5, 0.5], side: "-60%, 0" },
    { text: place(0, west + widthOf(box))[1], point: [0.5, 0.5, 0.5], side: "-10%, 0" },
    { text: place(top, 0)[0], point: [0.5, -0.5, -0.5], side: "-40%, -100%" },
    { text: place(south, 0)[0], point: [0.5, 0.5, -0.5], side: "-20%, 0" },
    { text: moment(0), point: [-0.5, -0.5, -0.5], side: "-60%, -100%" },
    { text: moment(times.length - 1), point: [-0.5, -0.5, 0.5], side: "-70%, -100%" },
    ...(isCut ? [{ text: moment(front), point: /** @type {[number, number, number]} */ ([(east - 1) / 2, north - 0.5, time - 0.5]), side: "-50%, -100%", isCut }] : []),
  ];
}

/**
 * @param {HTMLElement} element @param {Block | null} block @param {import("./block.js").Cut} drawn
 * @param {import("./solid.js").Size} size @param {{pitch: number, yaw: number}} turn
 */
export function placeMarks(element, block, drawn, { width, height, depth }, turn) {
  if (!block?.times.length) return element.replaceChildren();
  element.replaceChildren(...marksOf(block, drawn).map(({ text, point: [x, y, z], side, isCut }) => {
    const far = isCut ? 1 : AWAY;
    const [left, top] = project([x * width * far, y * height * far, z * depth * far], turn);
    const mark = h("span", { className: isCut ? "cube-mark is-cut" : "cube-mark" }, text);
    mark.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px) translate(${side})`;
    return mark;
  }));
}
