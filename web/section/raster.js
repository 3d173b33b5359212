/** Draws a diagram: its cells in the ramp's colours, frame, marks, and the step that is shown. */
import { colorAt } from "../colour/ramp.js";
import { instantsOf } from "../lib/time.js";
import { cellAt, frameOf, isTimeAcross, marksOf, timePosition } from "./plot.js";

/**
 * @typedef {import("./diagram.js").Diagram} Diagram
 * @typedef {import("../colour/ramp.js").Ramp} Ramp
 * @typedef {{text: string, muted: string, line: string, empty: string}} Inks
 */

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const SIZE = 11; // pixels of letters

/**
 * @param {CanvasRenderingContext2D} context in pixels of the page
 * @param {Diagram} diagram @param {Ramp} ramp
 * @param {{width: number, height: number, ratio: number, inks: Inks, instant: number | null, cursor?: import("./plot.js").Cell | null}} how
 */
export function drawDiagram(context, diagram, ramp, { width, height, ratio, inks, instant, cursor = null }) {
  const frame = frameOf(diagram.kind, width, height);
  context.fillStyle = inks.empty;
  context.fillRect(frame.left, frame.top, frame.width, frame.height);
  context.drawImage(pixelsOf(diagram, ramp, Math.round(frame.width * ratio), Math.round(frame.height * ratio)), frame.left, frame.top, frame.width, frame.height);
  drawMarks(context, frame, marksOf(diagram, frame), inks);
  if (instant !== null) drawInstant(context, frame, isTimeAcross(diagram.kind), timePosition(diagram, instant));
  if (cursor) drawCursor(context, diagram, frame, cursor);
}

/** The cells, as fine as the screen. @param {Diagram} diagram @param {Ramp} ramp @param {number} width @param {number} height */
function pixelsOf(diagram, ramp, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = new Uint32Array(Uint8Array.from(Array.from(diagram.values, (value) => colorAt(ramp, value)).flat()).buffer);
  const whole = { left: 0, top: 0, width, height };
  const across = isTimeAcross(diagram.kind);
  const middle = { x: width / 2, y: height / 2 };
  const columns = Array.from({ length: width }, (_, x) => cellAt(diagram, whole, x + 0.5, middle.y));
  const rows = Array.from({ length: height }, (_, y) => cellAt(diagram, whole, middle.x, y + 0.5));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [time, place] = across ? [columns[x], rows[y]] : [rows[y], columns[x]];
      if (time && place) pixels[y * width + x] = colours[time.step * diagram.count + place.at];
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** @param {CanvasRenderingContext2D} context @param {import("./plot.js").Frame} frame @param {{x: import("./plot.js").Mark[], y: import("./plot.js").Mark[]}} marks @param {Inks} inks */
function drawMarks(context, { left, top, width, height }, marks, inks) {
  context.strokeStyle = inks.line;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  context.font = `${SIZE}px ${FONT}`;
  context.fillStyle = inks.muted;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { position, label } of marks.x) {
    const half = context.measureText(label).width / 2;
    const x = left + position * width;
    context.fillRect(Math.round(x), top + height + 1, 1, 4);
    context.fillText(label, Math.max(left + half - 8, Math.min(left + width + 14 - half, x)), top + height + 8);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { position, label } of marks.y) {
    const y = top + position * height;
    context.fillRect(left - 5, Math.round(y), 4, 1);
    context.fillText(label, left - 8, Math.max(top + SIZE / 2, Math.min(top + height - SIZE / 2, y)));
  }
}

/** A line on what is shown on the map, dark between light, so that it is seen on every colour. @param {CanvasRenderingContext2D} context @param {import("./plot.js").Frame} frame @param {boolean} across @param {number} position */
function drawInstant(context, { left, top, width, height }, across, position) {
  if (position < 0 || position > 1) return;
  for (const [thick, colour] of /** @type {[number, string][]} */ ([[3, "rgb(255 255 255 / 85%)"], [1, "#10202c"]])) {
    context.fillStyle = colour;
    if (across) context.fillRect(Math.round(left + position * width) - thick / 2, top, thick, height);
    else context.fillRect(left, Math.round(top + position * height) - thick / 2, width, thick);
  }
}

/** @param {CanvasRenderingContext2D} context @param {Diagram} diagram @param {import("./plot.js").Frame} frame @param {import("./plot.js").Cell} cell */
function drawCursor(context, diagram, frame, cell) {
  const { x, y } = pixelOf(diagram, frame, cell);
  for (const [thick, colour] of /** @type {[number, string][]} */ ([[4, "#fff"], [1.5, "#10202c"]])) {
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.lineWidth = thick;
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** The middle of a cell. @param {Diagram} diagram @param {import("./plot.js").Frame} frame @param {import("./plot.js").Cell} cell */
export function pixelOf(diagram, { left, top, width, height }, { step, at }) {
  const time = timePosition(diagram, instantsOf(diagram.times)[step]);
  const place = (at + 0.5) / diagram.count;
  const [right, down] = isTimeAcross(diagram.kind) ? [time, 1 - place] : [place, time];
  return { x: left + right * width, y: top + down * height };
}
