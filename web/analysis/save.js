/** Values, places and the chart as files. */
import { h, icon } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { nameOf } from "./place.js";
import { colour } from "./curves.js";
import { toCsv, toGeoJson } from "./table.js";

/** @typedef {import("./table.js").Row} Row */
/** @typedef {import("../types.js").Store} Store */

const PAD = 16; // pixels
const LINE = 20;
const FONT = '13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** @param {() => Row[]} rows @param {Store} store @param {() => import("../vendor/uplot.js").default | null} plot */
export function saveButtons(rows, store, plot) {
  const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ onclick) =>
    h("button", { type: "button", className: "button is-quiet", "aria-label": label, title: label, onclick }, icon("download"), text);
  return [
    button("CSV", t("analysis.exportCsv"), () => save(new Blob([toCsv(rows())], { type: "text/csv;charset=utf-8" }), fileName(rows(), "csv"))),
    button("GeoJSON", t("analysis.exportGeoJson"), () => save(new Blob([toGeoJson(store.get().places, nameOf, rows())], { type: "application/geo+json" }), fileName(rows(), "geojson"))),
    button("PNG", t("analysis.exportPng"), () => {
      const drawn = plot();
      if (drawn) pictureOf(drawn.ctx.canvas, rows()).toBlob((blob) => blob && save(blob, fileName(rows(), "png")));
    }),
  ];
}

/** @param {Row[]} rows @param {string} suffix */
function fileName(rows, suffix) {
  const keys = [...new Set(rows.map(({ question }) => question.charted.key.replace(/[^\w.-]+/g, "-")))];
  return `${keys.slice(0, 3).join("_") || "places"}.${suffix}`;
}

/** @param {Blob} blob @param {string} download */
export function save(blob, download) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** The chart with what its lines are below it. @param {HTMLCanvasElement} chart @param {Row[]} rows */
function pictureOf(chart, rows) {
  const ratio = window.devicePixelRatio || 1;
  const entries = rows.map(({ question: { place, charted }, name }) => ({ color: place.color, text: `${name}: ${charted.variable.title || charted.key}` }));
  const canvas = h("canvas", { width: chart.width + 2 * PAD * ratio, height: chart.height + (2 * PAD + LINE * entries.length) * ratio });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = colour("--card");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(chart, PAD * ratio, PAD * ratio);
  context.scale(ratio, ratio);
  context.font = FONT;
  context.textBaseline = "middle";
  entries.forEach(({ color, text }, i) => {
    const y = chart.height / ratio + PAD + LINE * (i + 0.5);
    context.fillStyle = color;
    context.fillRect(PAD, y - 5, 10, 10);
    context.fillStyle = colour("--text");
    context.fillText(text, PAD + 18, y);
  });
  return canvas;
}
