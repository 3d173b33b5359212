/** A month at a time, with the days that have data; of days with several steps their hours, too. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { formatTime, monthNames } from "../lib/time.js";

const WEEK = 7;
const MONDAY = /** @type {const} */ (["time.mo", "time.tu", "time.we", "time.th", "time.fr", "time.sa", "time.su"]);
const MOVES = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -WEEK, ArrowDown: WEEK };

/**
 * @param {string[]} times ascending, ISO 8601 @param {string} chosen one of them
 * @param {(time: string) => void} onchoose
 * @returns {HTMLElement}
 */
export function createCalendar(times, chosen, onchoose) {
  const element = h("div", { className: "calendar" });
  const days = daysOf(times);
  let [year, month] = [Number(chosen.slice(0, 4)), Number(chosen.slice(5, 7))];

  const show = (/** @type {string | null} */ focused = null) => {
    element.replaceChildren(
      header(times, year, month, (y, m) => {
        [year, month] = m < 1 ? [y - 1, 12] : m > 12 ? [y + 1, 1] : [y, m];
        show();
      }),
      grid(days, year, month, chosen, choose, turn),
      hours(days.get(chosen.slice(0, 10)) ?? [], chosen, choose),
    );
    /** @type {HTMLElement | null} */ (focused && element.querySelector(`[data-day="${focused}"]`))?.focus();
  };
  /** @param {string} time */
  const choose = (time) => {
    chosen = time;
    onchoose(time);
    show(time.slice(0, 10));
  };
  /** To another day by keys: the next one that has data. @param {string} day @param {number} by */
  const turn = (day, by) => {
    const all = [...days.keys()];
    const near = all[Math.min(all.length - 1, Math.max(0, all.indexOf(day) + Math.sign(by) * (Math.abs(by) === 1 ? 1 : jump(all, day, by))))];
    [year, month] = [Number(near.slice(0, 4)), Number(near.slice(5, 7))];
    show(near);
  };
  show();
  return element;
}

/** How many days with data lie within a week's jump. @param {string[]} all @param {string} day @param {number} by */
function jump(all, day, by) {
  const start = all.indexOf(day);
  let count = 1;
  while (all[start + Math.sign(by) * count] && Math.abs(Date.parse(all[start + Math.sign(by) * count]) - Date.parse(day)) < Math.abs(by) * 86_400_000) count++;
  return count;
}

/** @param {string[]} times @returns {Map<string, string[]>} steps by day, in order */
function daysOf(times) {
  /** @type {Map<string, string[]>} */
  const days = new Map();
  for (const time of times) {
    const day = time.slice(0, 10);
    const steps = days.get(day);
    if (steps) steps.push(time);
    else days.set(day, [time]);
  }
  return days;
}

/** @param {string[]} times @param {number} year @param {number} month @param {(year: number, month: number) => void} go */
function header(times, year, month, go) {
  const [first, last] = [times[0], times[times.length - 1]].map((time) => Number(time.slice(0, 4)));
  const years = h("input", { type: "number", className: "field", min: String(first), max: String(last), value: String(year), "aria-label": t("time.year") });
  years.addEventListener("change", () => go(Math.min(last, Math.max(first, years.valueAsNumber || year)), month));
  const months = h("select", { className: "field", "aria-label": t("time.month") },
    ...monthNames().map((name, i) => h("option", { value: String(i + 1), selected: i + 1 === month }, name)));
  months.addEventListener("change", () => go(year, Number(months.value)));
  return h("div", { className: "calendar-header" },
    iconButton("previous", t("time.previousMonth"), () => go(year, month - 1)),
    months, years,
    iconButton("next", t("time.nextMonth"), () => go(year, month + 1)),
  );
}

/**
 * @param {Map<string, string[]>} days @param {number} year @param {number} month @param {string} chosen
 * @param {(time: string) => void} choose @param {(day: string, by: number) => void} turn
 */
function grid(days, year, month, chosen, choose, turn) {
  const start = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}`;
  const first = (new Date(`${start}-01T00:00:00Z`).getUTCDay() + WEEK - 1) % WEEK;
  const length = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  // Calendars of models have days of their own: 30 February.
  const last = Math.max(length, ...[...days.keys()].filter((day) => day.startsWith(start)).map((day) => Number(day.slice(8))));
  const cells = Array.from({ length: last }, (_, i) => cell(`${start}-${String(i + 1).padStart(2, "0")}`, days, chosen, choose, turn));
  const blanks = Array.from({ length: first }, () => h("span"));
  return h("div", { className: "calendar-grid", role: "group", "aria-label": `${monthNames()[month - 1]} ${year}` },
    ...MONDAY.map((name) => h("span", { className: "calendar-weekday", "aria-hidden": "true" }, t(name))), ...blanks, ...cells);
}

/** @param {string} day @param {Map<string, string[]>} days @param {string} chosen @param {(time: string) => void} choose @param {(day: string, by: number) => void} turn */
function cell(day, days, chosen, choose, turn) {
  const steps = days.get(day);
  const isChosen = chosen.startsWith(day);
  const button = h("button", {
    type: "button", className: "calendar-day", disabled: !steps, "aria-label": formatTime(`${day}T00:00:00Z`),
    "aria-current": isChosen ? "date" : null, onclick: () => steps && choose(steps.find((time) => time.slice(11) === chosen.slice(11)) ?? steps[0]),
  }, String(Number(day.slice(8))));
  button.dataset.day = day;
  button.addEventListener("keydown", (event) => {
    const by = MOVES[/** @type {keyof typeof MOVES} */ (event.key)];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    turn(day, by);
  });
  return button;
}

/** @param {string[]} steps of one day @param {string} chosen @param {(time: string) => void} choose */
function hours(steps, chosen, choose) {
  if (steps.length < 2) return h("span", { hidden: true });
  return h("div", { className: "calendar-hours", role: "group", "aria-label": t("time.hours") },
    ...steps.map((time) => h("button", {
      type: "button", className: "calendar-hour", "aria-current": time === chosen ? "true" : null, onclick: () => choose(time),
    }, time.slice(11, 16))));
}
