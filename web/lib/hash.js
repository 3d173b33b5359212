/** The part of the state that a link restores, to and from the URL's hash. Pure. */

/** @typedef {import("../types.js").Link} Link */

/** @type {Link} */
export const DEFAULTS = {
  dataset: null,
  variable: null,
  time: null,
  dims: {},
  colormap: null,
  rescale: null,
  scale: null,
  opacity: 1,
  speed: 4,
  view: null,
  point: null,
  chart: null,
  theme: null,
};
const SPEEDS = [1, 2, 4, 8, 16];
const DIM = "dim.";

/**
 * `dataset=ocean&variable=sst&time=…&view=3/45.000/12.000`, without what is at its default.
 * @param {Link} link
 */
export function encodeHash(link) {
  const { view, point, rescale } = link;
  /** @type {[string, string | null][]} */
  const pairs = [
    ["dataset", link.dataset],
    ["variable", link.variable],
    ["time", link.time],
    ...Object.entries(link.dims).map(([name, value]) => /** @type {[string, string]} */ ([DIM + name, value])),
    ["colormap", link.colormap],
    ["rescale", rescale && rescale.join(",")],
    ["scale", link.scale],
    ["opacity", link.opacity === DEFAULTS.opacity ? null : String(link.opacity)],
    ["speed", link.speed === DEFAULTS.speed ? null : String(link.speed)],
    ["view", view && `${round(view.zoom, 2)}/${view.lat.toFixed(4)}/${view.lon.toFixed(4)}`],
    ["point", point && `${round(point.lon, 5)},${round(point.lat, 5)}`],
    ["chart", link.chart],
    ["theme", link.theme],
  ];
  return pairs
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${readable(key)}=${readable(String(value))}`)
    .join("&");
}

/** Percent-encoding, but for signs that a hash may hold. @param {string} text */
function readable(text) {
  return encodeURIComponent(text).replace(/%(2C|2F|3A)/g, decodeURIComponent);
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}

/**
 * The link that a hash tells; what is missing, or makes no sense, is at its default.
 * @param {string} hash with or without `#`
 * @returns {Link}
 */
export function decodeHash(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, "").replaceAll("+", "%2B"));
  const dims = [...query].filter(([key]) => key.startsWith(DIM) && key.length > DIM.length);
  const [zoom, lat, lon] = numbers(query.get("view"), "/", 3);
  const [pointLon, pointLat] = numbers(query.get("point"), ",", 2);
  const [low, high] = numbers(query.get("rescale"), ",", 2);
  return {
    dataset: query.get("dataset") || null,
    variable: query.get("variable") || null,
    time: query.get("time") || null,
    dims: Object.fromEntries(dims.map(([key, value]) => [key.slice(DIM.length), value])),
    colormap: query.get("colormap") || null,
    rescale: low < high ? [low, high] : null,
    scale: oneOf(query.get("scale"), ["linear", "log", "symlog"]),
    opacity: between(query.get("opacity"), 0, 1) ?? DEFAULTS.opacity,
    speed: SPEEDS.find((speed) => String(speed) === query.get("speed")) ?? DEFAULTS.speed,
    view: Math.abs(lat) <= 90 && zoom >= 0 ? { zoom, lat, lon } : null,
    point: Math.abs(pointLat) <= 90 ? { lon: pointLon, lat: pointLat } : null,
    chart: query.get("chart") || null,
    theme: oneOf(query.get("theme"), ["light", "dark"]),
  };
}

/**
 * So many finite numbers, or none at all.
 * @param {string | null} text @param {string} separator @param {number} count
 * @returns {number[]}
 */
function numbers(text, separator, count) {
  const found = (text ?? "").split(separator).map((part) => (part.trim() ? Number(part) : NaN));
  return found.length === count && found.every(Number.isFinite) ? found : [];
}

/** @param {string | null} text @param {number} low @param {number} high */
function between(text, low, high) {
  const [value] = numbers(text, ",", 1);
  return value >= low && value <= high ? value : null;
}

/**
 * @template {string} T
 * @param {string | null} text @param {T[]} choices
 * @returns {T | null}
 */
function oneOf(text, choices) {
  return choices.find((choice) => choice === text) ?? null;
}
