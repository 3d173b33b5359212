/** Round values along a range, on its scale. Pure. */
import { decimal, formatValue } from "../lib/number.js";
import { positionOf } from "./scale.js";

/** @typedef {import("../types.js").Scale} Scale */
/** @typedef {{value: number, position: number, label: string}} Tick position: 0 at the low end to 1 at the high */

const ROUND = [1, 2, 2.5, 5, 10];
const MOST_DIGITS = 4;
const LARGE = 1e6;
const SLACK = 1e-9; // of a step: binary fractions

/**
 * @param {number} low @param {number} high @param {Scale} scale @param {number} most
 * @returns {Tick[]}
 */
export function ticksOf(low, high, scale, most) {
  const values = scale === "linear" ? linear(low, high, most) : logarithmic(low, high, scale, most);
  const step = scale === "linear" && values.length > 1 ? values[1] - values[0] : NaN;
  return values.map((value) => ({ value, position: positionOf(scale, low, high, value), label: labelOf(value, step) }));
}

/** With the digits that tell it from its neighbours: 1000.5 beside 1000. @param {number} value @param {number} step NaN where they are of many sizes */
function labelOf(value, step) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - SLACK));
  if (!(digits <= MOST_DIGITS) || Math.abs(value) >= LARGE) return formatValue(value);
  return decimal(Number(value.toFixed(digits + 1)).toString().replace("-", "\u2212"));
}

/** @param {number} low @param {number} high @param {number} most */
function linear(low, high, most) {
  const rough = (high - low) / Math.max(1, most - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (ROUND.find((factor) => factor * power >= rough * (1 - SLACK)) ?? 10);
  const first = Math.ceil(low / step - SLACK);
  const count = Math.floor(high / step + SLACK) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten, with 2 and 5 between where there is room; under symlog of both signs, and zero. @param {number} low @param {number} high @param {Scale} scale @param {number} most */
function logarithmic(low, high, scale, most) {
  const least = scale === "log" ? low : Math.max(Math.abs(low), Math.abs(high)) / 1000;
  const decades = (/** @type {number} */ end) => range(Math.floor(Math.log10(least)), Math.ceil(Math.log10(Math.max(end, least))));
  const both = (/** @type {number[]} */ digits) => {
    const above = high > 0 ? decades(high).flatMap((power) => digits.map((digit) => digit * 10 ** power)) : [];
    const below = scale === "symlog" && low < 0 ? decades(-low).flatMap((power) => digits.map((digit) => -digit * 10 ** power)) : [];
    const zero = scale === "symlog" && low <= 0 && high >= 0 ? [0] : [];
    return [...below.sort((a, b) => a - b), ...zero, ...above]
      .filter((value) => value >= low - Math.abs(low) * SLACK && value <= high * (1 + SLACK))
      .map((value) => Number(value.toPrecision(6)));
  };
  const fitting = [[1, 2, 5], [1, 3], [1]].map(both).find((values) => values.length >= 2 && values.length <= most);
  return fitting ?? thin(both([1]), most, low, high);
}

/** Every so many powers of ten, from the largest on, and zero. @param {number[]} values @param {number} most @param {number} low @param {number} high */
function thin(values, most, low, high) {
  if (values.length < 2) return [low, high];
  const powers = values.filter(Boolean).map((value) => Math.round(Math.log10(Math.abs(value))));
  const top = Math.max(...powers);
  for (let stride = 2; ; stride++) {
    const kept = values.filter((value) => !value || (top - Math.round(Math.log10(Math.abs(value)))) % stride === 0);
    if (kept.length <= most) return kept;
  }
}

/** @param {number} from @param {number} to */
function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
