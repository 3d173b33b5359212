/** Sections as files to keep: tables, and pictures that explain themselves. */
import { h } from "../lib/dom.js";

const FREE_AFTER_MS = 60_000;

/** As a download. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), FREE_AFTER_MS);
}

/** @param {string} text @param {string} name */
export function saveTable(text, name) {
  save(new Blob([text], { type: "text/csv;charset=utf-8" }), name);
}

/** @param {HTMLCanvasElement} canvas @param {string} name @returns {Promise<void>} */
export function savePicture(canvas, name) {
  return new Promise((resolve) => canvas.toBlob((blob) => {
    if (blob) save(blob, name);
    resolve();
  }, "image/png"));
}
