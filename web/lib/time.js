/** Times of a cube: ISO 8601 text as the server writes it, in any calendar. Pure, UTC. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const PATTERN = /^(-?\d{4,6})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?/;
const DAY_MS = 86_400_000;

/** @param {string} iso @returns {number[]} year, month 1-12, day, hour, minute, second */
function parts(iso) {
  const match = PATTERN.exec(iso);
  return match ? match.slice(1).map((part) => Number(part ?? 0)) : [];
}

/**
 * Milliseconds since 1970. A day that only another calendar has (30 Feb) lands close by.
 * @param {string} iso
 */
export function parseTime(iso) {
  const [year, month, day, hour, minute, second] = parts(iso);
  if (year === undefined) return NaN;
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second);
}

/**
 * "12 Mar 2020", with "14:30" if asked; from the text itself, so right in every calendar.
 * @param {string} iso @param {boolean} [withClock]
 */
export function formatTime(iso, withClock = false) {
  const [year, month, day, hour, minute] = parts(iso);
  if (year === undefined) return iso;
  const date = `${day} ${MONTHS[month - 1]} ${year}`;
  return withClock ? `${date}, ${pad(hour)}:${pad(minute)}` : date;
}

/** @param {number} value */
function pad(value) {
  return String(value).padStart(2, "0");
}

/** Whether steps differ in their hours, so that the clock is worth showing. @param {string[]} times */
export function hasClock(times) {
  return new Set(times.slice(0, 48).map((time) => time.slice(11, 19))).size > 1;
}

/**
 * Index of the step that is nearest to a time; the last one for none.
 * @param {string[]} times ascending @param {string | null} time
 */
export function nearestIndex(times, time) {
  if (time === null) return times.length - 1;
  const exact = times.indexOf(time);
  if (exact >= 0) return exact;
  const wanted = parseTime(time);
  if (Number.isNaN(wanted)) return times.length - 1;
  let best = 0;
  times.forEach((step, i) => {
    if (Math.abs(parseTime(step) - wanted) < Math.abs(parseTime(times[best]) - wanted)) best = i;
  });
  return best;
}

/**
 * Marks below a slider of steps: few enough to read, at the first step of a year, month or day.
 * @param {string[]} times @param {number} most
 * @returns {{index: number, label: string}[]}
 */
export function axisMarks(times, most) {
  /** @type {[number, (p: number[]) => string][]} length of the part of ISO text, and its label */
  const units = [
    [4, ([year]) => String(year)],
    [7, ([year, month]) => `${MONTHS[month - 1]} ${year}`],
    [10, ([, month, day]) => `${day} ${MONTHS[month - 1]}`],
    [16, ([, , , hour, minute]) => `${pad(hour)}:${pad(minute)}`],
  ];
  const span = parseTime(times.at(-1) ?? "") - parseTime(times[0] ?? "");
  const unit = span > 3 * 365 * DAY_MS ? 0 : span > 100 * DAY_MS ? 1 : span > 3 * DAY_MS ? 2 : 3;
  const [length, label] = units[unit];
  const starts = times
    .map((time, index) => ({ time, index }))
    .filter(({ time, index }) => index === 0 || time.slice(0, length) !== times[index - 1].slice(0, length));
  const stride = Math.max(1, Math.ceil(starts.length / most));
  return starts
    .filter((_, i) => i % stride === 0)
    .map(({ time, index }) => ({ index, label: label(parts(time)) }));
}
