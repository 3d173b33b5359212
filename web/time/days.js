/** Which years, months and days an axis of time has steps in. Of their texts alone, so right in every calendar. Pure. */

/**
 * @typedef {object} Days
 * @property {Map<string, string[]>} years the months of each, `2020-03`
 * @property {Map<string, string[]>} months the days of each, `2020-03-12`
 * @property {Map<string, {first: number, count: number}>} days where the steps of each are
 * @property {"day" | "month" | "year"} unit the finest in which steps are told apart; hours are within days
 */

/** @type {WeakMap<string[], Days>} */
const known = new WeakMap();

/** @param {string[]} times ascending @returns {Days} */
export function daysOf(times) {
  const found = known.get(times) ?? gather(times);
  known.set(times, found);
  return found;
}

/** @param {string[]} times @returns {Days} */
function gather(times) {
  /** @type {Omit<Days, "unit">} */
  const { years, months, days } = { years: new Map(), months: new Map(), days: new Map() };
  times.forEach((time, index) => {
    const day = dayOf(time);
    const held = days.get(day);
    if (held) return void held.count++;
    days.set(day, { first: index, count: 1 });
    const month = monthOf(day);
    if (!add(months, month, day)) add(years, yearOf(month), month);
  });
  const isCoarse = (/** @type {Map<string, string[]>} */ parts) => [...parts.values()].every(({ length }) => length === 1);
  const hasHours = times.length > days.size;
  const unit = hasHours || !isCoarse(months) ? "day" : isCoarse(years) ? "year" : "month";
  return { years, months, days, unit };
}

/** @param {Map<string, string[]>} parts @param {string} name @param {string} part @returns {boolean} whether the name was known */
function add(parts, name, part) {
  const list = parts.get(name);
  if (list) list.push(part);
  else parts.set(name, [part]);
  return list !== undefined;
}

/** `2020-03-12` @param {string} time */
export function dayOf(time) {
  return time.split("T")[0];
}

/** `2020-03` @param {string} day */
export function monthOf(day) {
  return day.slice(0, -3);
}

/** `2020` @param {string} month */
export function yearOf(month) {
  return month.slice(0, -3);
}

/**
 * The days that a month is drawn with: as long as it is, or has data in a calendar of its own; and how many
 * cells the first is from Monday, null where weeks mean nothing.
 * @param {string} month @param {Days} days
 */
export function monthPage(month, { months, days }) {
  const [year, number] = [Number(yearOf(month)), Number(month.slice(-2))];
  const length = lengthOf(year, number);
  const last = Math.max(length, ...(months.get(month) ?? []).map((day) => Number(day.slice(-2))));
  const isOurs = ![...days.keys()].some((day) => Number(day.slice(-2)) > lengthOf(Number(yearOf(monthOf(day))), Number(monthOf(day).slice(-2))));
  const first = new Date(0);
  first.setUTCFullYear(year, number - 1, 1);
  return { last, lead: isOurs ? (first.getUTCDay() + 6) % 7 : null };
}

/** Days of a month in our calendar. @param {number} year @param {number} month from 1 */
function lengthOf(year, month) {
  const end = new Date(0);
  end.setUTCFullYear(year, month, 0);
  return end.getUTCDate();
}

/**
 * A moment as people type it: `2020`, `2020-03`, `2020-3-12`, `12.3.2020`, with `14:30`; null if it is none.
 * @param {string} text
 */
export function typedTime(text) {
  const iso = /^(-?\d{4,6})(?:-(\d\d?)(?:-(\d\d?))?)?(?:[T ]+(\d\d?):(\d\d))?/.exec(text.trim());
  const german = /^(\d\d?)\.\s*(\d\d?)\.\s*(-?\d{4,6})(?:,?\s+(\d\d?):(\d\d))?/.exec(text.trim());
  const found = german ? [german[3], german[2], german[1], german[4], german[5]] : iso?.slice(1);
  if (!found) return null;
  const [year, month = "1", day = "1", hour = "0", minute = "0"] = found;
  const isMoment = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31 && Number(hour) < 24 && Number(minute) < 60;
  const two = (/** @type {string} */ part) => part.padStart(2, "0");
  return isMoment ? `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00Z` : null;
}
