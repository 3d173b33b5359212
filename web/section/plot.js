/** Where things are in a diagram's picture: its frame, marks, and what lies under a pixel. Pure. */
import { ticksOf } from "../colour/ticks.js";
import { decimal, wrapLongitude } from "../lib/number.js";
import { getLanguage, t } from "../lib/text.js";
import { timeMarks } from "../time/marks.js";
import { middleOf, spanOf, stepAt } from "./diagram.js";

/**
 * @typedef {import("./diagram.js").Diagram} Diagram
 * @typedef {{position: number, label: string}} Mark position: 0 at the axis' begin to 1 at its end
 * @typedef {{left: number, top: number, width: number, height: number}} Frame pixels
 * @typedef {{step: number, at: number}} Cell
 */

const LEFT = { latitude: 62, longitude: 78, distance: 78 }; // room for the labels: degrees, or dates
const TOP = 8, RIGHT = 16, BOTTOM = 24;
const MARK_PX = { x: 78, y: 40, km: 62 };
const DEGREES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45, 60, 90];
const SLACK = 1e-9;

/** Time runs to the right beside latitudes, else downwards. @param {Diagram["kind"]} kind */
export const isTimeAcross = (kind) => kind === "latitude";

/** @param {Diagram["kind"]} kind @param {number} width @param {number} height @returns {Frame} */
export function frameOf(kind, width, height) {
  return { left: LEFT[kind], top: TOP, width: Math.max(1, width - LEFT[kind] - RIGHT), height: Math.max(1, height - TOP - BOTTOM) };
}

/** @param {Diagram} diagram @param {Frame} frame @returns {{x: Mark[], y: Mark[]}} y from the top */
export function marksOf(diagram, { width, height }) {
  const most = { x: Math.max(2, Math.floor(width / MARK_PX[diagram.kind === "distance" ? "km" : "x"])), y: Math.max(2, Math.floor(height / MARK_PX.y)) };
  const { from, to } = spanOf(diagram.times);
  const time = (/** @type {number} */ count) => timeMarks(from, to, count).map(({ at, label }) => ({ position: (at - from) / (to - from), label }));
  if (!isTimeAcross(diagram.kind)) return { x: placeMarks(diagram, most.x), y: time(most.y) };
  return { x: time(most.x), y: placeMarks(diagram, most.y).map(({ position, label }) => ({ position: 1 - position, label })) };
}

/** @param {Diagram} diagram @param {number} most @returns {Mark[]} */
function placeMarks({ kind, low, high }, most) {
  if (kind === "distance") return ticksOf(low / 1000, high / 1000, "linear", most).map(({ value, position: at }) => ({ position: at, label: kmText(value) }));
  const step = DEGREES.find((degrees) => (high - low) / degrees <= most) ?? 90;
  const first = Math.ceil(low / step - SLACK);
  const count = Math.floor(high / step + SLACK) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toFixed(6)))
    .map((degrees) => ({ position: (degrees - low) / (high - low), label: degreesText(kind, degrees) }));
}

/** "1 200 km" @param {number} km @param {number} [digits] */
export function kmText(km, digits) {
  const [whole, ...rest] = (digits === undefined ? String(km) : km.toFixed(digits)).split(".");
  const number = decimal([whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"), ...rest].join("."));
  return t("section.km", { km: number });
}

/** "30° N", "0°", "150° W" @param {Diagram["kind"]} kind @param {number} degrees @param {number} [digits] */
export function degreesText(kind, degrees, digits) {
  const value = kind === "longitude" ? wrapLongitude(degrees) : degrees;
  const size = digits === undefined ? String(Number(Math.abs(value).toFixed(6))) : Math.abs(value).toFixed(digits);
  const sides = kind === "longitude" ? ["W", getLanguage() === "de" ? "O" : "E"] : ["S", "N"];
  const isPlain = value === 0 || (kind === "longitude" && Math.abs(value) === 180);
  return `${decimal(size)}°${isPlain ? "" : ` ${sides[Number(value > 0)]}`}`;
}

/** Where a place is, in words: degrees, or kilometres along the line. @param {Diagram} diagram @param {number} at */
export function placeText(diagram, at) {
  const place = middleOf(diagram, at);
  return diagram.kind === "distance" ? kmText(place / 1000, place < 1e5 ? 1 : 0) : degreesText(diagram.kind, place, 2);
}

/** The cell under a pixel; null beside the frame, and in gaps of time. @param {Diagram} diagram @param {Frame} frame @param {number} x @param {number} y @returns {Cell | null} */
export function cellAt(diagram, frame, x, y) {
  const [right, down] = [(x - frame.left) / frame.width, (y - frame.top) / frame.height];
  if (right < 0 || right >= 1 || down < 0 || down >= 1) return null;
  const across = isTimeAcross(diagram.kind);
  const [time, place] = across ? [right, 1 - down] : [down, right];
  const span = spanOf(diagram.times);
  const step = stepAt(diagram.times, span, span.from + time * (span.to - span.from));
  return step < 0 ? null : { step, at: Math.min(diagram.count - 1, Math.floor(place * diagram.count)) };
}

/** How far along its axis an instant is, 0 to 1 within it. @param {Diagram} diagram @param {number} instant */
export function timePosition({ times }, instant) {
  const { from, to } = spanOf(times);
  return (instant - from) / (to - from);
}
