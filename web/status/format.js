/** Figures of the status window as text. Pure. */
import { getLanguage } from "../lib/text.js";

const UNITS = /** @type {const} */ (["B", "kB", "MB", "GB", "TB", "PB"]);
const SPANS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]]);

/** @param {number} value */
export function formatCount(value) {
  return value.toLocaleString(getLanguage(), { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** @param {number} bytes */
export function formatBytes(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${formatCount(bytes / 1000 ** power)} ${UNITS[power]}`;
}

/** `3 min ago`, `vor 3 Min.`. @param {string} iso @param {string} now both of the server's clock */
export function formatAgo(iso, now) {
  const seconds = Math.round((Date.parse(iso) - Date.parse(now)) / 1000);
  const [unit, size] = SPANS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(getLanguage(), { numeric: "auto", style: "short" }).format(Math.round(seconds / size), unit);
}

/** Of hits and misses, in percent; a dash before there are any. @param {number} hits @param {number} misses */
export function formatShare(hits, misses) {
  return hits + misses ? `${formatCount((100 * hits) / (hits + misses))} %` : "–";
}
