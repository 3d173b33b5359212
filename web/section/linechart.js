/** The chart along a line: a curve for each layer, an axis for each of the first two units. */
import UPlot from "../vendor/uplot.js";
import { PALETTE } from "../lib/places.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { t } from "../lib/text.js";
import { kmText } from "./plot.js";
import { FONT } from "./raster.js";

/**
 * @typedef {{title: string, time: string | null, units: string | null, values: (number | null)[], categories: import("../types.js").Category[] | null}} Curve
 * @typedef {{distance_m: number[], lon: number[], lat: number[]}} Line
 */

/** @param {number} i of a curve */
export const colourOf = (i) => PALETTE[i % PALETTE.length];

/** @param {string} name of a CSS custom property */
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * @param {{width: number, height: number}} size @param {Curve[]} curves
 * @param {(index: number | null) => void} onpoint which point of the line is under the pointer
 * @returns {UPlot.Options}
 */
export function lineOptions(size, curves, onpoint) {
  const units = [...new Set(curves.map(scaleOf))];
  const font = `11px ${FONT}`;
  const look = { stroke: ink("--muted"), font, ticks: { show: false } };
  const grid = { stroke: ink("--hairline"), width: 1 };
  return {
    ...size,
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 8, stroke: ink("--card") } },
    scales: { x: { time: false } },
    axes: [
      { ...look, grid: { show: false }, size: 30, space: 64, values: (_, ticks) => ticks.map((km) => kmText(km)) },
      ...units.slice(0, 2).map((unit, i) => ({
        ...look, scale: unit, side: /** @type {1 | 3} */ (i ? 1 : 3), grid: i ? { show: false } : grid, size: 46,
        values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) => ticks.map(formatValue),
        ...classAxis(curves.filter((curve) => scaleOf(curve) === unit)),
        ...(units.length > 1 ? { label: unit || "1", labelSize: 18, labelFont: font } : {}),
      })),
    ],
    series: [{}, ...curves.map((curve, i) => ({
      label: curve.title, scale: scaleOf(curve), stroke: colourOf(i), width: 1.8, spanGaps: false, points: { show: false },
      ...(curve.categories ? { paths: /** @type {NonNullable<typeof UPlot.paths.stepped>} */ (UPlot.paths.stepped)({ align: 1 }) } : {}),
    }))],
    hooks: { setCursor: [(plot) => onpoint((plot.cursor.left ?? -1) < 0 ? null : (plot.cursor.idx ?? null))] },
  };
}

/** Of classes their names, where there is nothing else on the axis. @param {Curve[]} curves */
function classAxis([{ categories }, ...others]) {
  if (!categories || others.length) return {};
  const names = new Map(categories.map(({ value, label }) => [value, label]));
  return {
    size: 104,
    splits: () => [...names.keys()],
    filter: (/** @type {unknown} */ _, /** @type {number[]} */ splits) => splits,
    values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) => ticks.map((value) => shortened(names.get(value) ?? "")),
  };
}

/** @param {string} name */
const shortened = (name) => (name.length > 16 ? `${name.slice(0, 15)}…` : name);

/** Classes by themselves, as their numbers are no measure. @param {Curve} curve */
const scaleOf = ({ units, categories, title }) => (categories ? title : formatUnits(units) || "1");

/** @param {Line} line @param {Curve[]} curves @returns {UPlot.AlignedData} */
export function lineData({ distance_m: distances }, curves) {
  return [distances.map((metres) => metres / 1000), ...curves.map(({ values }) => values)];
}

/** What is said of a chart to those who do not see it. @param {Line} line @param {Curve[]} curves */
export function describe({ distance_m: distances }, curves) {
  const parts = curves.map(({ title, values, units, categories }) => {
    if (categories) return title;
    const known = /** @type {number[]} */ (values.filter((value) => value !== null));
    const ends = known.length ? `${formatValue(Math.min(...known))} – ${formatValue(Math.max(...known))} ${formatUnits(units)}`.trim() : t("section.noData");
    return `${title}: ${ends}`;
  });
  return t("section.lineLabel", { length: kmText(distances[distances.length - 1] / 1000, 0), curves: parts.join("; ") });
}
