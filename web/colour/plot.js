/** Draws a histogram whose bars have the colours of their values. */
import { countValues } from "./histogram.js";
import { colorAt } from "./ramp.js";
import { valueAt } from "./scale.js";

const BAR = 3; // pixels a bar takes
const CLEAR = 0.25; // how much of a bar's colour there is at least: classes may be transparent

/**
 * @param {HTMLCanvasElement} canvas @param {Float32Array} sorted
 * @param {{low: number, high: number, scale: import("../types.js").Scale, ramp: import("./ramp.js").Ramp | null}} axis
 */
export function drawHistogram(canvas, sorted, { low, high, scale, ramp }) {
  const ratio = window.devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  const bins = Math.max(10, Math.floor(width / BAR));
  const counts = countValues(sorted, low, high, scale, bins);
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  counts.forEach((count, i) => {
    const [r, g, b, a] = ramp ? colorAt(ramp, valueAt(scale, low, high, (i + 0.5) / bins)) : [128, 128, 128, 255];
    context.fillStyle = `rgb(${r} ${g} ${b} / ${Math.max(CLEAR, a / 255)})`;
    // By the root, so that what is rare is seen too.
    const tall = count ? Math.max(1, Math.sqrt(count / most) * height) : 0;
    context.fillRect((i * width) / bins, height - tall, Math.max(1, width / bins - 0.5), tall);
  });
}
