/** Several series on one axis of time, as the chart takes them. Pure. */
import { parseTime } from "../lib/time.js";
import { SHOWN } from "./question.js";

/**
 * @typedef {import("./table.js").Row} Row
 * @typedef {object} Curve
 * @property {Row} row
 * @property {"line" | "low" | "high"} part of an area's series: its line, or the end of its band
 * @property {string} unit
 * @property {number} dash which of the chart's variables it is
 * @typedef {{times: string[], data: (number | null | undefined)[][], curves: Curve[]}} Columns `data`: seconds, then a column for each curve
 */

/**
 * A step that a series lacks is undefined, and its line goes on; a value that it lacks is null, and it breaks.
 * @param {Row[]} rows @param {import("../types.js").Charts["show"]} show
 * @returns {Columns}
 */
export function columnsOf(rows, show) {
  const times = [...new Set(rows.flatMap(({ answer }) => answer.times))].sort((a, b) => parseTime(a) - parseTime(b));
  const places = new Map(times.map((time, i) => [time, i]));
  const keys = [...new Set(rows.map(({ question }) => question.charted.key))];
  /** @type {Columns} */
  const columns = { times, data: [times.map((time) => parseTime(time) / 1000)], curves: [] };
  for (const row of rows) {
    const { charted } = row.question;
    for (const [part, values] of partsOf(row, show)) {
      const column = new Array(times.length).fill(undefined);
      row.answer.times.forEach((time, i) => (column[/** @type {number} */ (places.get(time))] = values[i] ?? null));
      columns.data.push(column);
      columns.curves.push({ row, part, unit: charted.variable.units ?? "", dash: keys.indexOf(charted.key) });
    }
  }
  return columns;
}

/** The line of a series, and the ends of its band. @param {Row} row @param {import("../types.js").Charts["show"]} show @returns {[Curve["part"], (number | null)[]][]} */
function partsOf({ answer: { values } }, show) {
  if (values.value) return [["line", values.value]];
  const [middle, low, high] = SHOWN[show];
  const line = values[middle] ?? [];
  if (low === "std") {
    const around = (/** @type {1 | -1} */ sign) => line.map((value, i) => {
      const std = values.std?.[i];
      return value === null || std === null || std === undefined ? null : value + sign * std;
    });
    return [["line", line], ["low", around(-1)], ["high", around(1)]];
  }
  return [["line", line], ["low", values[low ?? ""] ?? []], ["high", values[high ?? ""] ?? []]];
}

/** The value that a row has at a step of its own nearest to a time, within half a step's length. @param {Row} row @param {string | null} time */
export function valueAtTime({ answer: { times, values } }, time) {
  if (!time || !times.length) return null;
  const index = times.indexOf(time);
  const line = values.value ?? values.mean ?? values.median;
  return index < 0 ? null : (line?.[index] ?? null);
}
