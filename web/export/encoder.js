/** The formats of animations, and which of them this browser can make. */
import { t } from "../lib/text.js";
import { evened } from "./size.js";

/**
 * @typedef {"gif" | "mp4" | "webm"} Format
 * @typedef {import("./size.js").Size} Size
 *
 * @typedef {object} Encoder frames go in one by one: none is kept
 * @property {() => Promise<void>} add what the canvas shows; done when there is room for the next
 * @property {() => Promise<Blob>} finish
 * @property {() => Promise<void>} cancel
 */

/** @type {readonly Format[]} */
export const FORMATS = ["gif", "mp4", "webm"];

/**
 * Why a format cannot be made here; null where it can.
 * @param {Format} format @param {Size} size
 * @returns {Promise<string | null>}
 */
export async function obstacle(format, size) {
  if (format === "gif") return null;
  if (!isSecureContext) return t("export.insecure");
  if (typeof VideoEncoder === "undefined") return t("export.noEncoder");
  const { codecFor } = await import("./video.js");
  return (await codecFor(format, evened(size))) ? null : t("export.noCodec", { format: format === "mp4" ? "MP4" : "WebM" });
}

/**
 * @param {Format} format @param {HTMLCanvasElement} canvas @param {number} fps
 * @returns {Promise<Encoder>}
 */
export async function startEncoder(format, canvas, fps) {
  if (format === "gif") return (await import("./gif.js")).encodeGif(canvas, fps);
  return (await import("./video.js")).encodeVideo(canvas, fps, format);
}
