/** Marks on an axis of time, at beginnings of years, months, days, hours or minutes. Pure. */
import { DAY_MS, dayText, monthNames, pad, yearText } from "../lib/time.js";

/** @typedef {{at: number, label: string}} Mark at: milliseconds since 1970 */

const STRIDES = {
  year: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
  month: [1, 2, 3, 6],
  day: [1, 2, 5, 10],
  hour: [1, 2, 3, 6, 12],
  minute: [1, 2, 5, 10, 15, 30],
};
/** Of the room that a label takes: years are short. */
const ROOM = { year: 0.55, month: 1, day: 0.8, hour: 0.7, minute: 0.7 };
const LENGTH_MS = { year: 365.25 * DAY_MS, month: 30.5 * DAY_MS, day: DAY_MS, hour: DAY_MS / 24, minute: DAY_MS / 1440 };

/**
 * Marks on an axis of time: beginnings of years, months, days, hours or minutes, few enough to read.
 * @param {number} from @param {number} to milliseconds since 1970 @param {number} most of the longest labels that have room
 * @returns {Mark[]}
 */
export function timeMarks(from, to, most) {
  const units = /** @type {(keyof typeof STRIDES)[]} */ (["minute", "hour", "day", "month", "year"]);
  for (const unit of units) {
    const stride = STRIDES[unit].find((count) => ((to - from) / (LENGTH_MS[unit] * count)) * ROOM[unit] <= most);
    if (stride) return marksOf(from, to, unit, stride);
  }
  return [];
}

/** @param {number} from @param {number} to @param {keyof typeof STRIDES} unit @param {number} stride @returns {Mark[]} */
function marksOf(from, to, unit, stride) {
  const marks = [];
  const date = new Date(from);
  let [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  let [hour, minute] = [date.getUTCHours(), date.getUTCMinutes()];
  if (unit === "year") [year, month, day, hour, minute] = [Math.floor(year / stride) * stride, 0, 1, 0, 0];
  if (unit === "month") [month, day, hour, minute] = [Math.floor(month / stride) * stride, 1, 0, 0];
  if (unit === "day") [day, hour, minute] = [1, 0, 0];
  if (unit === "hour") [hour, minute] = [Math.floor(hour / stride) * stride, 0];
  if (unit === "minute") minute = Math.floor(minute / stride) * stride;
  for (let step = 0; step < 500; step++) {
    const at = instantOf(unit === "year" ? year + step * stride : year, unit === "month" ? month + step * stride : month,
      day, unit === "hour" ? hour + step * stride : hour, unit === "minute" ? minute + step * stride : minute);
    const marked = unit === "day" ? at + step * DAY_MS : at;
    if (marked > to) break;
    if (marked >= from && isFirst(marked, unit, stride)) marks.push({ at: marked, label: markLabel(marked, unit) });
  }
  return marks;
}

/** @param {number} year @param {number} month from 0 @param {number} day @param {number} hour @param {number} minute */
function instantOf(year, month, day, hour, minute) {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.setUTCHours(hour, minute);
}

/** Days count from the first of a month: 1, 6, 11 … @param {number} at @param {string} unit @param {number} stride */
function isFirst(at, unit, stride) {
  const day = new Date(at).getUTCDate();
  return unit !== "day" || ((day - 1) % stride === 0 && (stride === 1 || day < 30));
}

/** @param {number} at @param {keyof typeof STRIDES} unit */
function markLabel(at, unit) {
  const date = new Date(at);
  const [year, month, day] = [date.getUTCFullYear(), monthNames()[date.getUTCMonth()], date.getUTCDate()];
  if (unit === "year") return String(year);
  if (unit === "month") return `${month} ${yearText(year)}`.trimEnd();
  const isMidnight = date.getUTCHours() + date.getUTCMinutes() === 0;
  return unit === "day" || isMidnight ? dayText(day, month) : `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
}
