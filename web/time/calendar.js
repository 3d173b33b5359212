/** A calendar of what there is: days of a month, months of a year, years; hours of days that have several steps. */
import { h, icon, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { formatTime, monthNames, yearText } from "../lib/time.js";
import { createGrid } from "./cells.js";
import { dayOf, daysOf, monthOf, monthPage, yearOf } from "./days.js";

const WEEKDAYS = /** @type {const} */ (["time.mo", "time.tu", "time.we", "time.th", "time.fr", "time.sa", "time.su"]);
const WEEK = 7;

/**
 * @typedef {"days" | "months" | "years"} Page
 * @typedef {object} Look what is looked at
 * @property {Page} page
 * @property {string} month `2020-03`
 * @typedef {{shown: string, range: [string, string] | null}} Chosen the step shown; the stretch of time
 */

/**
 * @param {string[]} times ascending, ISO 8601 @param {Chosen} chosen
 * @param {(steps: string[]) => void} onchoose is told the steps of what was chosen: of a day, or one
 * @returns {{element: HTMLElement, show: (chosen: Chosen) => void, focus: () => void}}
 */
export function createCalendar(times, chosen, onchoose) {
  const element = h("div", { className: "calendar" });
  const days = daysOf(times);
  /** @type {Look} */
  const look = { page: days.unit === "year" ? "years" : days.unit === "month" ? "months" : "days", month: monthOf(dayOf(chosen.shown)) };
  const finest = look.page;

  const draw = () => {
    const pages = { days: dayGrid, months: monthGrid, years: yearGrid };
    const grid = createGrid({ ...pages[look.page](days, look, chosen), choose: pick, turn });
    const steps = look.page === "days" ? days.days.get(dayOf(chosen.shown)) : undefined;
    element.replaceChildren(...[header(days, look, turn, zoom), grid, steps && steps.count > 1 ? hours(times, steps, chosen.shown, onchoose) : null].filter((node) => node !== null));
  };
  /** @param {string} id */
  const pick = (id) => {
    if (look.page === finest) return onchoose(stepsOf(days, times, id));
    const [first] = look.page === "years" ? days.years.get(id) ?? [] : [id];
    Object.assign(look, look.page === "years" ? { page: "months", month: first } : { page: "days", month: id });
    draw();
    focus();
  };
  /** @param {number} by @param {boolean} isFar */
  const turn = (by, isFar = false) => {
    const next = neighbour(days, look, by, isFar);
    if (!next) return;
    const hadFocus = element.querySelector("[role=grid]")?.contains(document.activeElement);
    look.month = next;
    draw();
    if (hadFocus) focus(by);
  };
  const zoom = () => {
    look.page = look.page === "days" ? "months" : "years";
    draw();
    focus();
  };
  const focus = (by = 0) => {
    const cells = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[role=gridcell]:not([aria-disabled]):not(span)"));
    const cell = by < 0 ? cells[cells.length - 1] : by > 0 ? cells[0] : /** @type {HTMLElement | null} */ (element.querySelector("[role=gridcell][tabindex='0']"));
    cell?.focus();
  };
  draw();
  return {
    element,
    focus,
    show(now) {
      const hadFocus = element.querySelector("[role=grid]")?.contains(document.activeElement);
      chosen = now;
      look.month = monthOf(dayOf(now.shown));
      draw();
      if (hadFocus) focus();
    },
  };
}

/** The steps of a day; of a month or year, where these have one each, that one. @param {import("./days.js").Days} days @param {string[]} times @param {string} id */
function stepsOf(days, times, id) {
  const month = days.years.get(id)?.[0] ?? id;
  const { first, count } = /** @type {{first: number, count: number}} */ (days.days.get(days.months.get(month)?.[0] ?? month));
  return times.slice(first, first + count);
}

/** The month with data that another page begins with. @param {import("./days.js").Days} days @param {Look} look @param {number} by @param {boolean} isFar */
function neighbour({ years, months }, { page, month }, by, isFar) {
  const list = page === "days" && !isFar ? [...months.keys()] : [...years.keys()];
  const at = list.indexOf(page === "days" && !isFar ? month : yearOf(month));
  const next = page === "years" ? undefined : list[at + by];
  if (!next) return null;
  return years.get(next)?.find((other) => other.slice(-2) === month.slice(-2)) ?? years.get(next)?.[0] ?? next;
}

/** @param {import("./days.js").Days} days @param {Look} look @param {(by: number) => void} turn @param {() => void} zoom */
function header(days, look, turn, zoom) {
  const { page, month } = look;
  const title = page === "years" ? t("time.years") : page === "months" ? yearTitle(yearOf(month)) : monthTitle(month);
  const previous = iconButton("previous", t(page === "days" ? "time.previousMonth" : "time.previousYear"), () => turn(-1));
  const next = iconButton("next", t(page === "days" ? "time.nextMonth" : "time.nextYear"), () => turn(1));
  [previous.disabled, next.disabled] = [-1, 1].map((by) => !neighbour(days, look, by, false));
  const up = h("button", { type: "button", className: "calendar-title", disabled: page === "years", "aria-live": "polite", onclick: zoom }, title, page !== "years" && icon("chevron"));
  return h("div", { className: "calendar-header" }, previous, up, next);
}

/** `Mar 2020` @param {string} month */
function monthTitle(month) {
  return `${monthNames()[Number(month.slice(-2)) - 1]} ${yearText(Number(yearOf(month)))}`.trimEnd();
}

/** @param {string} year */
function yearTitle(year) {
  return yearText(Number(year)) || t("time.typicalYear");
}

/** @param {import("./days.js").Days} days @param {Look} look @param {Chosen} chosen */
function dayGrid(days, { month }, { shown, range }) {
  const { last, lead } = monthPage(month, days);
  const ids = Array.from({ length: last }, (_, i) => `${month}-${String(i + 1).padStart(2, "0")}`);
  return {
    label: monthTitle(month), columns: WEEK, lead: lead ?? 0, header: lead === null ? undefined : WEEKDAYS.map((name) => t(name)),
    cells: ids.map((id, i) => ({
      id, text: String(i + 1), label: formatTime(id),
      hasData: days.days.has(id), isChosen: dayOf(shown) === id, isWithin: isWithin(id, range),
    })),
  };
}

/** @param {import("./days.js").Days} days @param {Look} look @param {Chosen} chosen */
function monthGrid({ months }, { month }, { shown, range }) {
  const ids = monthNames().map((_, i) => `${yearOf(month)}-${String(i + 1).padStart(2, "0")}`);
  return {
    label: yearTitle(yearOf(month)), columns: 3,
    cells: ids.map((id, i) => ({
      id, text: monthNames()[i], label: monthTitle(id), hasData: months.has(id), isChosen: monthOf(dayOf(shown)) === id, isWithin: isWithin(id, range),
    })),
  };
}

/** @param {import("./days.js").Days} days @param {Look} _look @param {Chosen} chosen */
function yearGrid({ years }, _look, { shown, range }) {
  return {
    label: t("time.years"), columns: 4,
    cells: [...years.keys()].map((id) => ({ id, text: yearTitle(id), label: yearTitle(id), hasData: true, isChosen: yearOf(monthOf(dayOf(shown))) === id, isWithin: isWithin(id, range) })),
  };
}

/** @param {string} id @param {[string, string] | null} range */
function isWithin(id, range) {
  return range !== null && range[0].slice(0, id.length) <= id && id <= range[1].slice(0, id.length);
}

/** @param {string[]} times @param {{first: number, count: number}} steps of one day @param {string} shown @param {(steps: string[]) => void} onchoose */
function hours(times, { first, count }, shown, onchoose) {
  return h("div", { className: "calendar-hours", role: "group", "aria-label": t("time.hours") },
    ...times.slice(first, first + count).map((time) => h("button", {
      type: "button", className: "calendar-hour", "aria-pressed": String(time === shown), onclick: () => onchoose([time]),
    }, time.split("T")[1].slice(0, 5))));
}
