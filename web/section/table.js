/** Sections as tables: one line for each number. Pure. */
import { middleOf } from "./diagram.js";

/** @typedef {{title: string, time: string | null, units: string | null, values: (number | null)[]}} Curve */

/** @param {(string | number | null)[][]} rows */
function csvOf(rows) {
  return `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** What a spreadsheet would run as a formula stays text. @param {string | number | null} value */
function cell(value) {
  if (value === null || typeof value === "number") return Number.isNaN(value) ? "" : String(value ?? "");
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {import("./diagram.js").Diagram} diagram @param {string} title */
export function diagramTable(diagram, title) {
  const { kind, count, times, units, values } = diagram;
  const places = Array.from({ length: count }, (_, at) => Number(middleOf(diagram, at).toFixed(kind === "distance" ? 1 : 5)));
  const rows = times.flatMap((time, step) => places.map((place, at) => [time, place, title, round(values[step * count + at]), units]));
  return csvOf([["time", kind === "distance" ? "distance_m" : kind, "variable", "value", "unit"], ...rows]);
}

/** @param {{distance_m: number[], lon: number[], lat: number[]}} line @param {Curve[]} curves */
export function lineTable({ distance_m: distances, lon, lat }, curves) {
  const rows = curves.flatMap(({ title, time, units, values }) =>
    distances.map((distance, i) => [distance, lon[i], lat[i], title, time, values[i], units]));
  return csvOf([["distance_m", "lon", "lat", "variable", "time", "value", "unit"], ...rows]);
}

/** The digits that a 32-bit number has. @param {number} value */
function round(value) {
  return Number.isNaN(value) ? null : Number(value.toPrecision(6));
}
