/** What stands where a tile would read more than the server does at once: hatching, and what to do. */
import { t } from "../lib/text.js";

const SIZE = 256;
const STRIPE = 16;
const LINE = "rgb(110 118 128 / 0.28)";
const [INK, HALO] = ["rgb(60 66 74 / 0.92)", "rgb(255 255 255 / 0.78)"];

/** A tile of the pattern, in the language of the page. @returns {Promise<import("./source.js").ImageTile>} */
export async function patternTile() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  hatch(context);
  write(context, t("map.zoomIn"));
  const bitmap = await createImageBitmap(canvas, { premultiplyAlpha: "premultiply" });
  return { kind: "image", width: SIZE, height: SIZE, bitmap, isOver: true };
}

/** Lines that go on from tile to tile. @param {CanvasRenderingContext2D} context */
function hatch(context) {
  context.strokeStyle = LINE;
  context.beginPath();
  for (let at = 0; at <= 2 * SIZE; at += STRIPE) {
    context.moveTo(at, 0);
    context.lineTo(at - SIZE, SIZE);
  }
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {string} words */
function write(context, words) {
  context.font = "600 15px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = HALO;
  context.strokeText(words, SIZE / 2, SIZE / 2);
  context.fillStyle = INK;
  context.fillText(words, SIZE / 2, SIZE / 2);
}
