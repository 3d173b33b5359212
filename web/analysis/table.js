/** Answers as files to keep: a table, and GeoJSON. Pure. */
import { middleOf } from "./shape.js";

/**
 * @typedef {import("./question.js").Question} Question
 * @typedef {import("./answers.js").Answer} Answer
 * @typedef {{question: Question, answer: Answer, name: string}} Row `name` of the place
 */

const HEAD = ["place", "lon", "lat", "variable", "time", "statistic", "value", "unit"];

/** One line for each number: place, lon, lat, variable, time, statistic, value, unit. @param {Row[]} rows */
export function toCsv(rows) {
  const lines = rows.flatMap(({ question: { place, charted }, answer: { times, values }, name }) => {
    const [lon, lat] = middleOf(place);
    return times.flatMap((time, i) => Object.entries(values).map(([statistic, numbers]) =>
      [name, lon, lat, charted.variable.title || charted.key, time, statistic, numbers[i] ?? "", charted.variable.units ?? ""]));
  });
  return `${[HEAD, ...lines].map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** What a spreadsheet would run as a formula begins with a sign: it stays text. @param {string | number} value */
function cell(value) {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The places, each with its series.
 * @param {import("../types.js").Place[]} places @param {(place: import("../types.js").Place) => string} nameOf @param {Row[]} rows
 */
export function toGeoJson(places, nameOf, rows) {
  const features = places.map((place) => ({
    type: "Feature",
    properties: {
      name: nameOf(place),
      color: place.color,
      ...(place.radius_m ? { radius_m: place.radius_m } : {}),
      series: rows.filter(({ question }) => question.place.id === place.id).map(({ question: { charted }, answer: { times, values } }) =>
        ({ variable: charted.key, units: charted.variable.units, times, ...values })),
    },
    geometry: place.geometry,
  }));
  return JSON.stringify({ type: "FeatureCollection", features });
}
