/** The catalogue as a person looks through it: what matches, in groups, with a picture of each. Pure. */
import { query } from "../lib/address.js";

/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Box} Box */

/**
 * Those in which every word is found: of titles, ids, themes, keywords, variables, attributions.
 * @param {Summary[]} datasets @param {string} wanted
 */
export function matching(datasets, wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return datasets.filter((dataset) => {
    const { id, title, theme, keywords = [], variables, attribution } = dataset;
    const text = [id, title, theme, ...keywords, ...variables, attribution].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/**
 * By the first part of their themes, in the order of the catalogue; those without one come last.
 * @param {Summary[]} datasets
 * @returns {{theme: string | null, datasets: Summary[]}[]}
 */
export function groupsOf(datasets) {
  const themes = [...new Set(datasets.map(themeOf))];
  const ordered = [...themes.filter((theme) => theme !== null), ...themes.filter((theme) => theme === null)];
  return ordered.map((theme) => ({ theme, datasets: datasets.filter((dataset) => themeOf(dataset) === theme) }));
}

/** @param {Summary} dataset */
function themeOf({ theme }) {
  return theme?.split("/")[0].trim() || null;
}

/**
 * A square picture of the middle of a dataset's first variable, by WMS.
 * @param {Summary} dataset @param {number} size in pixels
 */
export function thumbnailAddress({ id, variables, bbox }, size) {
  const [variable] = variables;
  if (!variable || !bbox) return null;
  const asked = query([
    ["service", "WMS"], ["version", "1.1.1"], ["request", "GetMap"], ["layers", `${id}.${variable}`], ["styles", ""],
    ["srs", "EPSG:4326"], ["bbox", squareIn(bbox).join(",")], ["width", size], ["height", size],
    ["format", "image/png"], ["transparent", "true"],
  ]);
  return `wms/${encodeURIComponent(id)}?${asked}`;
}

/** The square in the middle of a box, as degrees look there. @param {Box} box @returns {Box} */
function squareIn([west, south, east, north]) {
  const width = east < west ? east + 360 - west : east - west;
  const [lon, lat] = [west + width / 2, (south + north) / 2];
  const ratio = Math.max(0.2, Math.cos((lat * Math.PI) / 180));
  const side = Math.min(width * ratio, north - south);
  const half = { x: side / ratio / 2, y: side / 2 };
  return [lon - half.x, lat - half.y, lon + half.x, lat + half.y];
}
