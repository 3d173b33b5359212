/** Addresses of what the server gives for a layer. Relative to the page; pure. */

/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").Variable} Variable */
/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {[string, string | number | null | undefined][]} Pairs */

/** @param {string[]} segments */
export function path(...segments) {
  return segments.map(encodeURIComponent).join("/");
}

/** @param {Pairs} pairs without those that are null */
export function query(pairs) {
  const set = pairs.filter(([, value]) => value !== null && value !== undefined);
  return new URLSearchParams(set.map(([key, value]) => [key, String(value)])).toString();
}

/** @param {string} place @param {Pairs} pairs */
export function withQuery(place, pairs) {
  const asked = query(pairs);
  return asked ? `${place}?${asked}` : place;
}

/** `ocean/sst`, or `s2/_` of an expression. @param {Layer} layer @param {Variable} variable */
export function layerPath({ dataset }, variable) {
  return path(dataset, variable.id);
}

/**
 * What says which values a layer has, time apart: its expression, and the step of every other dimension.
 * @param {Layer} layer @param {Variable} variable
 * @returns {[string, string | null][]}
 */
export function valuesOf({ expression, dims }, variable) {
  return [["expression", expression], ...Object.entries(dims).filter(([name]) => variable.dims.includes(name))];
}

/**
 * The choices of style that are not the server's own.
 * @param {Layer} layer @param {Variable} variable
 * @returns {[string, string | null][]}
 */
export function coloursOf({ colormap, rescale, scale }, variable) {
  const range = rescale && rescale.join(",");
  if (variable.kind === "composite") return [["rescale", range]];
  const isOwn = colormap !== null && /^[[{]/.test(colormap);
  return [
    ["colormap_name", isOwn ? null : colormap],
    ["colormap", isOwn ? colormap : null],
    ["rescale", range],
    ["scale", scale],
  ];
}

/**
 * A tile. The dataset's version makes a new address of new data, so no browser cache can show the old.
 * @param {Detail} detail @param {Layer} layer @param {Variable} variable
 * @param {object} tile
 * @param {string | null} tile.time
 * @param {number | string} tile.z @param {number | string} tile.x @param {number | string} tile.y
 * @param {string} tile.suffix such as `.bin`, `@2x.png`
 * @param {string} [tile.tms] a matrix set, where it is not WebMercatorQuad
 * @param {boolean} [tile.colours] whether the layer's colours are asked for: of pictures, not of raw tiles
 */
export function tileAddress(detail, layer, variable, { time, z, x, y, suffix, tms, colours = false }) {
  const place = ["tiles", layerPath(layer, variable), ...(tms ? [path(tms)] : []), z, x, `${y}${suffix}`].join("/");
  const style = colours ? coloursOf(layer, variable) : [];
  return withQuery(place, [["time", time], ...valuesOf(layer, variable), ...style, ["version", detail.version]]);
}

/** @param {Layer} layer @param {Variable} variable */
export function legendAddress(layer, variable) {
  const { expression } = layer;
  return withQuery(`legend/${layerPath(layer, variable)}.json`, [["expression", expression], ...coloursOf(layer, variable)]);
}

/**
 * Values of a layer: at a point, through time, or of an area.
 * @param {"point" | "timeseries" | "statistics" | "coverage" | "transect"} service
 * @param {Layer} layer @param {Variable} variable @param {Pairs} pairs such as `lon`, `lat`, `bbox`, `time`
 */
export function valueAddress(service, layer, variable, pairs) {
  return withQuery(`${service}/${layerPath(layer, variable)}`, [...pairs, ...valuesOf(layer, variable)]);
}
