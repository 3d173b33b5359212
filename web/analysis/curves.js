/** How the chart looks: a line for each place, a band around those of areas, the shown step marked. */
import UPlot from "../vendor/uplot.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { monthNames, parseTime } from "../lib/time.js";

/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {import("./columns.js").Curve} Curve */

const FEW_POINTS = 60; // from here on, dots would hide the line
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const BAND_OPACITY = "2e"; // of 255, as hex

/**
 * Labels of the time axis by the seconds between two: what each says, and what it adds below where
 * the year or the day is a new one. uPlot's own are in the American order.
 * @type {(string | number | null)[][]}
 */
const DATES = [
  [365 * 86_400, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * 86_400, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86_400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
];

/** @param {string} name of a CSS custom property */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Of months, in the language of the page; days of the week are not shown. */
function names() {
  const months = monthNames();
  return { MMMM: months, MMM: months, WWWW: [], WWW: [] };
}

/**
 * @param {{width: number, height: number}} size @param {Columns} columns
 * @param {() => string | null} shownTime @param {UPlot.Plugin[]} plugins
 * @returns {UPlot.Options}
 */
export function chartOptions(size, { times, curves }, shownTime, plugins) {
  const units = [...new Set(curves.map(({ unit }) => unit))];
  const axis = { stroke: colour("--muted"), font: FONT, grid: { stroke: colour("--hairline"), width: 1 }, ticks: { show: false } };
  const hasDots = times.length <= FEW_POINTS;
  return {
    ...size,
    padding: [12, units.length > 1 ? 0 : 14, 0, 0],
    fmtDate: (template) => UPlot.fmtDate(template, names()),
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), "UTC"),
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 7 },
      // By default clicks near the edges are swallowed as drags: the plugin tells them apart itself.
      drag: { x: true, y: false, click: () => {} },
    },
    scales: { x: { time: true }, ...Object.fromEntries(units.map((unit) => [scaleOf(unit), {}])) },
    axes: [
      { ...axis, size: 38, space: 64, grid: { show: false }, values: DATES },
      // A third unit has its line, and its values in the tip, but no axis.
      ...units.slice(0, 2).map((unit, i) => ({
        ...axis, scale: scaleOf(unit), size: 52, side: i ? 1 : 3, label: formatUnits(unit) || undefined, labelSize: 16, labelFont: FONT, labelGap: 0,
        ...(i ? { grid: { show: false } } : {}),
        values: (/** @type {UPlot} */ _, /** @type {number[]} */ ticks) => ticks.map(formatValue),
      })),
    ],
    series: [{}, ...curves.map((curve) => seriesOf(curve, hasDots))],
    bands: bandsOf(curves),
    plugins: [markShown(shownTime), ...plugins],
  };
}

/** @param {string} unit */
const scaleOf = (unit) => `in ${unit}`;

/** @param {Curve} curve @param {boolean} hasDots @returns {UPlot.Series} */
function seriesOf({ row, part, unit, dash }, hasDots) {
  const { color } = row.question.place;
  const isLine = part === "line";
  return {
    scale: scaleOf(unit),
    stroke: isLine ? color : "transparent",
    width: isLine ? 1.8 : 0,
    dash: DASHES[dash % DASHES.length],
    spanGaps: false,
    points: isLine ? { show: hasDots, size: 5, fill: color, stroke: color } : { show: false },
  };
}

/** @param {Curve[]} curves @returns {UPlot.Band[]} */
function bandsOf(curves) {
  return curves.flatMap((curve, i) => {
    if (curve.part !== "low") return [];
    return [{ series: /** @type {[number, number]} */ ([i + 2, i + 1]), fill: `${curve.row.question.place.color}${BAND_OPACITY}` }];
  });
}

/** A line at the step that the map shows. @param {() => string | null} shownTime @returns {UPlot.Plugin} */
function markShown(shownTime) {
  return { hooks: { draw: (plot) => {
    const time = shownTime();
    if (time === null) return;
    const x = plot.valToPos(parseTime(time) / 1000, "x", true);
    const { left, top, width, height } = plot.bbox;
    if (x < left || x > left + width) return;
    plot.ctx.fillStyle = colour("--text");
    plot.ctx.fillRect(Math.round(x) - devicePixelRatio / 2, top, Math.max(1, devicePixelRatio), height);
  } } };
}
