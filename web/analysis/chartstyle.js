/** How the chart looks: one thin line in the accent colour, the shown step marked, a tip that reads out. */
import UPlot from "../vendor/uplot.js";
import { h } from "../lib/dom.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { timeOf } from "../lib/select.js";
import { formatTime, hasClock, parseTime } from "../lib/time.js";

/** @typedef {import("../types.js").Series} Series */
/** @typedef {import("../types.js").Store} Store */

const FEW_POINTS = 60; // from here on, dots would hide the line

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
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * @param {{width: number, height: number}} size @param {Series} series @param {Store} store
 * @returns {UPlot.Options}
 */
export function chartOptions(size, series, store) {
  const font = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const axis = {
    stroke: colour("--muted"),
    font,
    grid: { stroke: colour("--hairline"), width: 1 },
    ticks: { show: false },
  };
  return {
    ...size,
    padding: [10, 14, 0, 0],
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), "UTC"),
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 8, fill: colour("--accent"), stroke: colour("--card") },
      // By default clicks near the edges are swallowed as drags: goToTime tells them apart itself.
      drag: { x: true, y: false, click: () => {} },
    },
    scales: { x: { time: true } },
    axes: [{ ...axis, size: 38, space: 64, grid: { show: false }, values: DATES }, { ...axis, size: 46, values: (_, ticks) => ticks.map(formatValue) }],
    series: [{}, {
      label: "value",
      stroke: colour("--accent"),
      width: 1.6,
      fill: colour("--accent-wash"),
      spanGaps: false,
      points: { show: series.times.length <= FEW_POINTS, size: 6, fill: colour("--accent"), stroke: colour("--card") },
    }],
    plugins: [markShown(store), readOut(series), goToTime(series, store)],
  };
}

/** A line at the step that the map shows. @param {Store} store @returns {UPlot.Plugin} */
function markShown(store) {
  return { hooks: { draw: (plot) => {
    const time = timeOf(store.get());
    if (time === null) return;
    const x = plot.valToPos(parseTime(time) / 1000, "x", true);
    const { left, top, width, height } = plot.bbox;
    if (x < left || x > left + width) return;
    plot.ctx.fillStyle = colour("--text");
    plot.ctx.fillRect(Math.round(x) - devicePixelRatio / 2, top, Math.max(1, devicePixelRatio), height);
  } } };
}

/** @param {Series} series @returns {UPlot.Plugin} */
function readOut({ times, values, units }) {
  const tip = h("div", { className: "chart-tip" });
  const withClock = hasClock(times);
  return { hooks: {
    init: (plot) => void plot.over.append(tip),
    setCursor: (plot) => {
      const { idx, left = -1 } = plot.cursor;
      tip.hidden = idx === null || idx === undefined || left < 0;
      if (tip.hidden) return;
      const at = /** @type {number} */ (idx);
      tip.textContent = `${formatTime(times[at], withClock)}  ${formatValue(values[at])} ${formatUnits(units)}`;
      tip.classList.toggle("is-left", left > plot.over.clientWidth / 2);
      tip.style.left = `${left}px`;
    },
  } };
}

/** @param {Series} series @param {Store} store @returns {UPlot.Plugin} */
function goToTime({ times }, store) {
  let downAt = 0;
  return { hooks: { init: (plot) => {
    plot.over.addEventListener("mousedown", (event) => void (downAt = event.clientX));
    plot.over.addEventListener("click", (event) => {
      // Not the cursor's own index: it follows a moment later.
      const index = plot.posToIdx(event.clientX - plot.over.getBoundingClientRect().left);
      const isDrag = Math.abs(event.clientX - downAt) > 4;
      if (times[index] && !isDrag) store.set({ time: times[index], playing: false });
    });
  } } };
}
