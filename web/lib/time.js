/** Times of a cube: ISO 8601 text as the server writes it, in any calendar. Pure, UTC. */
import { getLanguage } from "./text.js";

const MONTHS = {
  en: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
  de: ["Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
};
const PATTERN = /^(-?\d{4,6})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?/;
export const DAY_MS = 86_400_000;
const MOST_BEYOND = 3; // days of a month: 29 and 30 February

/** @param {string} iso @returns {number[]} year, month 1-12, day, hour, minute, second */
function parts(iso) {
  const match = PATTERN.exec(iso);
  return match ? match.slice(1).map((part) => Number(part ?? 0)) : [];
}

/**
 * Milliseconds since 1970. Days that only another calendar has (30 Feb) share the last day of their month,
 * so that they stay before the next.
 * @param {string} iso
 */
export function parseTime(iso) {
  const [year, month, day, hour, minute, second] = parts(iso);
  if (year === undefined) return NaN;
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) {
    const beyond = date.getUTCDate();
    return date.setUTCDate(0) + (DAY_MS * beyond) / MOST_BEYOND;
  }
  return date.setUTCHours(hour, minute, second);
}

/**
 * "12 Mar 2020", with "14:30" if asked; from the text itself, so right in every calendar.
 * @param {string} iso @param {boolean} [withClock]
 */
export function formatTime(iso, withClock = false) {
  const [year, month, day, hour, minute] = parts(iso);
  if (year === undefined) return iso;
  const date = `${dayText(day, monthNames()[month - 1])} ${yearText(year)}`.trimEnd();
  return withClock ? `${date}, ${pad(hour)}:${pad(minute)}` : date;
}

/** Of the years 0 and 1 are only the steps of a typical year, that no one is in: nothing. @param {number} year */
export function yearText(year) {
  return year === 0 || year === 1 ? "" : String(year);
}

/** Short, from January on. */
export function monthNames() {
  return MONTHS[getLanguage()];
}

/** `2 Mar`, `2. März`. @param {number} day @param {string} month */
export function dayText(day, month) {
  return getLanguage() === "de" ? `${day}. ${month}` : `${day} ${month}`;
}

/** @param {number} value */
export function pad(value) {
  return String(value).padStart(2, "0");
}

/** Whether steps differ in their hours, so that the clock is worth showing. @param {string[]} times */
export function hasClock(times) {
  return new Set(times.slice(0, 48).map((time) => time.slice(11, 19))).size > 1;
}

/** @type {WeakMap<string[], Float64Array>} */
const instants = new WeakMap();

/** Milliseconds since 1970 of each step, worked out once. @param {string[]} times */
export function instantsOf(times) {
  const known = instants.get(times);
  if (known) return known;
  const found = Float64Array.from(times, parseTime);
  // Hours of days that share one would not ascend.
  for (let i = 1; i < found.length; i++) if (found[i] < found[i - 1]) found[i] = found[i - 1];
  instants.set(times, found);
  return found;
}

/**
 * Index of the step that is nearest to a time; the last one for none.
 * @param {string[]} times ascending @param {string | null} time
 */
export function nearestIndex(times, time) {
  const wanted = time === null ? NaN : parseTime(time);
  if (time === null || Number.isNaN(wanted)) return times.length - 1;
  const exact = placeOf(times, time);
  return times[exact] === time ? exact : nearestInstant(instantsOf(times), wanted);
}

/** Where a text is among ascending ones: days that our calendar lacks have instants of others. @param {string[]} times @param {string} time */
function placeOf(times, time) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {Float64Array} values ascending @param {number} wanted */
export function nearestInstant(values, wanted) {
  let [low, high] = [0, values.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle;
    else high = middle;
  }
  return Math.abs(values[high] - wanted) < Math.abs(values[low] - wanted) ? high : Math.max(0, low);
}
