/** Colours from left to right, on a canvas. */
import { h } from "../lib/dom.js";

const WIDTH = 255;

/** @param {Uint8Array} table n × 4, straight RGBA @param {string} className */
export function createBar(table, className) {
  const canvas = h("canvas", { className, width: WIDTH, height: 1 });
  fillBar(canvas, table);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {Uint8Array} table */
export function fillBar(canvas, table) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const count = table.length / 4;
  const image = context.createImageData(WIDTH, 1);
  for (let x = 0; x < WIDTH; x++) {
    const at = 4 * Math.min(count - 1, Math.floor((x * count) / WIDTH));
    image.data.set(table.subarray(at, at + 4), 4 * x);
  }
  context.putImageData(image, 0, 0);
}
