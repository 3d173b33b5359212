/** Addresses of what the server gives, from the state. Relative to the page; pure. */

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Variable} Variable */
/** @typedef {import("../types.js").Detail} Detail */

/** @param {string[]} segments */
export function path(...segments) {
  return segments.map(encodeURIComponent).join("/");
}

/** @param {[string, string | number | null | undefined][]} pairs without those that are null */
export function query(pairs) {
  const set = pairs.filter(([, value]) => value !== null && value !== undefined);
  return new URLSearchParams(set.map(([key, value]) => [key, String(value)])).toString();
}

/**
 * The step of every dimension that a variable has, time apart.
 * @param {Pick<State, "dims">} state @param {Variable} variable
 * @returns {[string, string][]}
 */
export function dimsOf(state, variable) {
  return Object.entries(state.dims).filter(([name]) => variable.dims.includes(name));
}

/**
 * The choices of style that are not the server's own.
 * @param {Pick<State, "colormap" | "rescale" | "scale">} state @param {Variable} variable
 * @returns {[string, string | null][]}
 */
export function styleOf(state, variable) {
  const rescale = state.rescale && state.rescale.join(",");
  if (variable.kind === "composite") return [["rescale", rescale]];
  return [
    ["colormap_name", state.colormap],
    ["rescale", rescale],
    ["scale", state.scale],
  ];
}

/**
 * Template of tiles, with {z}, {x}, {y} and Leaflet's {r}. The dataset's version makes a new
 * address of new data, so no browser cache can show the old.
 * @param {State} state @param {Detail} detail @param {Variable} variable @param {string | null} time
 */
export function tileTemplate(state, detail, variable, time) {
  const asked = query([
    ["time", time],
    ...dimsOf(state, variable),
    ...styleOf(state, variable),
    ["version", detail.version],
  ]);
  // Braces in a value would be taken for placeholders: they are encoded by URLSearchParams.
  return `tiles/${path(detail.id, variable.id)}/{z}/{x}/{y}{r}.png${asked && "?"}${asked}`;
}

/** @param {State} state @param {Detail} detail @param {Variable} variable */
export function legendAddress(state, detail, variable) {
  const asked = query(styleOf(state, variable));
  return `legend/${path(detail.id, variable.id)}.json${asked && "?"}${asked}`;
}

/**
 * Statistics of what the map shows.
 * @param {State} state @param {Detail} detail @param {Variable} variable @param {string | null} time
 */
export function statisticsAddress(state, detail, variable, time) {
  const asked = query([["bbox", state.box && state.box.join(",")], ["time", time], ...dimsOf(state, variable)]);
  return `statistics/${path(detail.id, variable.id)}?${asked}`;
}

/**
 * @param {"point" | "timeseries"} service
 * @param {State} state @param {Detail} detail @param {Variable} variable
 * @param {[string, string | null][]} more
 */
export function valueAddress(service, state, detail, variable, more = []) {
  const { lon = 0, lat = 0 } = state.point ?? {};
  const pairs = [["lon", lon], ["lat", lat], ...dimsOf(state, variable), ...more];
  return `${service}/${path(detail.id, variable.id)}?${query(/** @type {[string, string][]} */ (pairs))}`;
}
