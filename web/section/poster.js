/** Pictures of sections to keep: with a title, what is shown when and where, and a legend. */
import UPlot from "../vendor/uplot.js";
import { h } from "../lib/dom.js";
import { formatPlace, formatUnits } from "../lib/number.js";
import { formatTime } from "../lib/time.js";
import { ticksOf } from "../colour/ticks.js";
import { inks } from "./inks.js";
import { colourOf, lineData, lineOptions } from "./linechart.js";
import { drawDiagram, FONT } from "./raster.js";

const WIDTH = 960, HEIGHT = 600, RATIO = 2;
const EDGE = 24, HEAD = 64, FOOT = 56;

/** @param {string} title @param {string} note */
function sheet(title, note) {
  const canvas = h("canvas", { width: WIDTH * RATIO, height: HEIGHT * RATIO });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const { card, text, muted } = inks();
  context.scale(RATIO, RATIO);
  context.fillStyle = card;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = text;
  context.font = `600 18px ${FONT}`;
  context.fillText(title, EDGE, EDGE + 14, WIDTH - 2 * EDGE);
  context.fillStyle = muted;
  context.font = `12px ${FONT}`;
  context.fillText(note, EDGE, EDGE + 34, WIDTH - 2 * EDGE);
  return { canvas, context };
}

/**
 * @param {import("./diagram.js").Diagram} diagram @param {import("../colour/ramp.js").Ramp} ramp
 * @param {{title: string, note: string}} words
 */
export function diagramPoster(diagram, ramp, { title, note }) {
  const { canvas, context } = sheet(title, note);
  context.translate(EDGE, HEAD);
  drawDiagram(context, diagram, ramp, { width: WIDTH - 2 * EDGE, height: HEIGHT - HEAD - FOOT, ratio: RATIO, inks: inks(), instant: null });
  context.translate(0, HEIGHT - HEAD - FOOT);
  drawLegend(context, ramp, formatUnits(diagram.units));
  return canvas;
}

/** @param {CanvasRenderingContext2D} context @param {import("../colour/ramp.js").Ramp} ramp @param {string} units */
function drawLegend(context, { table, low, high, scale, first, steps }, units) {
  if (first !== null || steps) return;
  const [left, width] = [WIDTH - 2 * EDGE - 336, 320];
  const count = table.length / 4;
  for (let i = 0; i < count; i++) {
    const [r, g, b, a] = table.subarray(4 * i, 4 * i + 4);
    context.fillStyle = `rgb(${r} ${g} ${b} / ${a / 255})`;
    context.fillRect(left + (i * width) / count, 14, width / count + 0.5, 10);
  }
  context.fillStyle = inks().muted;
  context.font = `11px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { position, label } of ticksOf(low, high, scale, 6)) context.fillText(label, left + position * width, 28);
  context.textAlign = "right";
  context.fillText(units, left - 12, 13);
}

/** @param {import("./linechart.js").Line} line @param {import("./linechart.js").Curve[]} curves */
export async function linePoster(line, curves) {
  const times = [...new Set(curves.map(({ time }) => time && formatTime(time, true)))].filter(Boolean).join(", ");
  const ends = [0, line.lon.length - 1].map((i) => formatPlace(line.lat[i], line.lon[i])).join(" – ");
  const { canvas, context } = sheet(curves.map(nameOf).join(", "), [times, ends].filter(Boolean).join("  ·  "));
  const size = { width: WIDTH - 2 * EDGE, height: HEIGHT - HEAD - FOOT };
  const plot = await drawn(size, line, curves);
  context.drawImage(plot.ctx.canvas, EDGE, HEAD, size.width, size.height);
  plot.destroy();
  drawNames(context, curves);
  return canvas;
}

/** @param {{width: number, height: number}} size @param {import("./linechart.js").Line} line @param {import("./linechart.js").Curve[]} curves @returns {Promise<UPlot>} once it is painted */
function drawn(size, line, curves) {
  return new Promise((resolve) => {
    const options = lineOptions(size, curves, () => {});
    new UPlot({ ...options, hooks: { draw: [(plot) => void setTimeout(() => resolve(plot))] } }, lineData(line, curves), h("div"));
  });
}

/** With its units. @param {import("./linechart.js").Curve} curve */
function nameOf({ title, units }) {
  const unit = formatUnits(units);
  return unit ? `${title} (${unit})` : title;
}

/** @param {CanvasRenderingContext2D} context @param {import("./linechart.js").Curve[]} curves */
function drawNames(context, curves) {
  context.font = `12px ${FONT}`;
  context.textBaseline = "middle";
  let x = EDGE;
  curves.forEach((curve, i) => {
    context.fillStyle = colourOf(i);
    context.fillRect(x, HEIGHT - 34, 14, 4);
    context.fillStyle = inks().text;
    context.fillText(nameOf(curve), x + 20, HEIGHT - 32);
    x += 44 + context.measureText(nameOf(curve)).width;
  });
}
