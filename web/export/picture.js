/** One picture of the map, with what explains it. */
import { formatUnits } from "../lib/number.js";
import { activeOf, axisOf, detailOf, timeOf, variableOf } from "../lib/select.js";
import { formatTime, hasClock } from "../lib/time.js";
import { creditsOf } from "../map/attribution.js";
import { drawMap, worldOf } from "./atlas.js";
import { drawLegends } from "./key.js";
import { keysOf } from "./legends.js";
import { metresPerPixel, scaleBar } from "./scalebar.js";
import { drawCredit, drawNote, drawScale, inkOf } from "./sign.js";
import { signScale } from "./size.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("./sign.js").Line} Line
 * @typedef {import("./size.js").Size} Size
 * @typedef {"title" | "time" | "legend" | "scale" | "attribution" | "basemap"} Part
 * @typedef {{size: Size, title: string, parts: Record<Part, boolean>}} Wish what is in a picture
 */

/** @type {readonly Part[]} */
export const PARTS = ["title", "time", "legend", "scale", "attribution", "basemap"];

/** What a picture is called at first. @param {State} state */
export function usualTitle(state) {
  return detailOf(state, activeOf(state))?.title ?? "";
}

/**
 * @param {State} state of which the layers, their times and colours are shown
 * @param {Wish} wish @param {AbortSignal} signal
 * @param {{canvas?: HTMLCanvasElement, isOpaque?: boolean, ground?: import("./atlas.js").Ground}} [paper] to draw on; opaque
 *   where a format has no transparency; the ground that was drawn for the same view
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function drawPicture(state, { size, title, parts }, signal, { canvas = document.createElement("canvas"), isOpaque = false, ground = {} } = {}) {
  const element = /** @type {HTMLElement} */ (document.getElementById("map"));
  const [world, scale] = [worldOf(state, size, element), signScale(size)];
  const legends = parts.legend ? await keysOf(state, signal) : [];
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const ink = inkOf(context, scale);
  context.clearRect(0, 0, size.width, size.height);
  if (isOpaque) {
    context.fillStyle = ink.colours.card;
    context.fillRect(0, 0, size.width, size.height);
  }
  await drawMap(canvas, state, { world, scale, hasGround: parts.basemap, ground, signal });
  const margin = 16 * ink.scale;
  const lines = linesOf(state, title, parts);
  const below = lines.length ? margin + drawNote(ink, lines, margin, margin, size.width - 2 * margin) : 0;
  if (legends.length) drawLegends(ink, legends, margin, size.height - margin, size.height - below - 2 * margin);
  const credit = parts.attribution ? creditsOf(state).join(" · ") : "";
  const foot = credit ? drawCredit(ink, credit, size) : 0;
  if (parts.scale) {
    const bar = scaleBar(metresPerPixel(state.view?.lat ?? 0, world), Math.min(160 * scale, size.width / 4));
    drawScale(ink, bar, size.width - margin, size.height - foot - margin);
  }
  return canvas;
}

/** @param {State} state @param {string} title @param {Wish["parts"]} parts @returns {Line[]} */
function linesOf(state, title, parts) {
  const layer = activeOf(state);
  const [variable, time] = [variableOf(state, layer), timeOf(state, layer)];
  const units = formatUnits(variable?.units);
  const name = variable?.title ?? variable?.id ?? "";
  /** @type {(Line | null | "" | false)[]} */
  const lines = [
    parts.title && title && { text: title, size: 18, weight: 650, colour: "text" },
    parts.title && name && name !== title && { text: units ? `${name} (${units})` : name, size: 13, weight: 400, colour: "muted" },
    parts.time && time && { text: formatTime(time, hasClock(axisOf(state, layer))), size: 15, weight: 600, colour: "text" },
  ];
  return lines.filter((line) => typeof line === "object" && line !== null);
}
