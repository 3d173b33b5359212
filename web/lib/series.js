/** Time series, as the chart needs them. Pure. */
import { parseTime } from "./time.js";

/** @typedef {import("../types.js").Series} Series */

/**
 * The series in the answer of /timeseries at a point.
 * @param {{times: string[], values: Record<string, (number | null)[]>, units: string | null}} answer
 * @returns {Series}
 */
export function toSeries({ times, values, units }) {
  return { times, values: values.value ?? Object.values(values)[0] ?? [], units };
}

/** Times in seconds and values, for uPlot. @param {Series} series @returns {[number[], (number | null)[]]} */
export function toColumns({ times, values }) {
  return [times.map((time) => parseTime(time) / 1000), values];
}

/**
 * The value at a step; null if the series has no such step.
 * @param {Series} series @param {string | null} time
 */
export function valueAt({ times, values }, time) {
  const index = time === null ? -1 : times.indexOf(time);
  return index < 0 ? null : { value: values[index] ?? null };
}

/** How many steps have a value. @param {Series} series */
export function countValues({ values }) {
  return values.filter((value) => value !== null).length;
}
