/** The part of the state that a link restores, to and from the URL's hash. Pure. */
import { decodeLayers, encodeLayer } from "./layertext.js";
import { numbers, oneOf } from "./parse.js";
import { decodePlace, encodePlace } from "./placetext.js";
import { parseTime } from "./time.js";

/** @typedef {import("../types.js").Link} Link */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {[string, string | null][]} Pairs */

/** @type {Link} */
export const DEFAULTS = {
  layers: [],
  active: null,
  time: null,
  range: null,
  speed: 4,
  repeat: "loop",
  view: null,
  mode: "map",
  camera: null,
  terrain: null,
  block: null,
  compare: null,
  basemap: null,
  places: [],
  place: null,
  tab: null,
  charts: { variables: [], show: "mean" },
  section: "line",
  theme: null,
  language: null,
};
const FASTEST = 60;

/**
 * `dataset=ocean&variable=sst&dataset=model&variable=t&opacity=0.5&time=…&view=3/45.000/12.000`, without
 * what is at its default. Each `dataset` begins a layer, the lowest first; what follows belongs to it.
 * @param {Link} link
 */
export function encodeHash(link) {
  const { view, camera, range, charts, layers, places } = link;
  /** @type {Pairs} */
  const pairs = [
    ...layers.flatMap(encodeLayer),
    ["active", indexOf(layers, link.active, layers.length - 1)],
    ["time", link.time],
    ["range", range && range.join("/")],
    ["speed", link.speed === DEFAULTS.speed ? null : String(link.speed)],
    ["repeat", link.repeat === DEFAULTS.repeat ? null : link.repeat],
    ["view", view && `${round(view.zoom, 2)}/${view.lat.toFixed(4)}/${view.lon.toFixed(4)}`],
    ["mode", link.mode === DEFAULTS.mode ? null : link.mode],
    ["camera", camera && camera.map((value) => round(value, 4)).join(",")],
    ["terrain", link.terrain && [link.terrain.dataset, link.terrain.variable, round(link.terrain.factor, 2)].join(";")],
    ...encodeBlock(link.block),
    ["compare", encodeCompare(link)],
    ["basemap", link.basemap],
    ...places.map((place) => /** @type {[string, string]} */ (["place", encodePlace(place)])),
    ["chosen", indexOf(places, link.place, -1)],
    ["tab", link.tab],
    ...charts.variables.map((name) => /** @type {[string, string]} */ (["chart", name])),
    ["show", charts.show === "mean" ? null : charts.show],
    ["section", link.section === DEFAULTS.section ? null : link.section],
    ["theme", link.theme],
    ["language", link.language],
  ];
  return pairs
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${readable(key)}=${readable(String(value))}`)
    .join("&");
}

/** @param {Link["block"]} block @returns {Pairs} */
function encodeBlock(block) {
  if (!block) return [];
  return [["block", [...block.box, ...block.at.map((part) => round(part, 4))].join(",")]];
}

/** `swipe;layer;0;0.5`, `side;time;2024-01-01T00:00:00Z;0.5`. @param {Pick<Link, "compare" | "layers">} link */
function encodeCompare({ compare, layers }) {
  if (!compare) return null;
  const { kind, by, layer, time, at } = compare;
  return [kind, by, by === "time" ? time : indexOf(layers, layer, -1), round(at, 3)].join(";");
}

/** @param {{id: string}[]} items @param {string | null} id @param {number} usual needs no telling */
function indexOf(items, id, usual) {
  const index = items.findIndex((item) => item.id === id);
  return index < 0 || index === usual ? null : String(index);
}

/** Percent-encoding, but for signs that a hash may hold. @param {string} text */
function readable(text) {
  return encodeURIComponent(text).replace(/%(2C|2F|3A|3B)/g, decodeURIComponent);
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
  const layers = decodeLayers([...query]);
  const places = query.getAll("place").map(decodePlace).filter((place) => place !== null).map((place, i) => ({ ...place, id: String(i + 1) }));
  const [zoom, lat, lon] = numbers(query.get("view"), "/", 3);
  const camera = numbers(query.get("camera"), ",", 5);
  const range = (query.get("range") ?? "").split("/");
  const speed = numbers(query.get("speed"), ",", 1)[0];
  return {
    layers,
    active: layers[Number(query.get("active") ?? NaN)]?.id ?? layers.at(-1)?.id ?? null,
    time: instant(query.get("time")),
    range: range.length === 2 && range.every(instant) ? [range[0], range[1]] : null,
    speed: speed > 0 && speed <= FASTEST ? speed : DEFAULTS.speed,
    repeat: oneOf(query.get("repeat"), ["loop", "bounce", "once"]) ?? DEFAULTS.repeat,
    view: Math.abs(lat) <= 90 && zoom >= 0 ? { zoom, lat, lon } : null,
    mode: oneOf(query.get("mode"), ["map", "globe", "cube"]) ?? DEFAULTS.mode,
    camera: camera.length ? camera : null,
    terrain: decodeTerrain(query.get("terrain")),
    block: decodeBlock(query.get("block")),
    compare: decodeCompare(query.get("compare"), layers),
    basemap: query.get("basemap") || null,
    places,
    place: places[Number(query.get("chosen") ?? NaN)]?.id ?? null,
    tab: oneOf(query.get("tab"), ["series", "statistics", "section"]),
    charts: { variables: query.getAll("chart").filter(Boolean), show: oneOf(query.get("show"), ["mean", "minmax", "median"]) ?? "mean" },
    section: oneOf(query.get("section"), ["line", "lineTime", "latitude", "longitude"]) ?? DEFAULTS.section,
    theme: oneOf(query.get("theme"), ["light", "dark"]),
    language: oneOf(query.get("language"), ["en", "de"]),
  };
}

/** A time that can be told as one. @param {string | null | undefined} text */
function instant(text) {
  return text && !Number.isNaN(parseTime(text)) ? text : null;
}

/** `valley;dem;2`. @param {string | null} text @returns {Link["terrain"]} */
function decodeTerrain(text) {
  const [dataset, variable, times] = (text ?? "").split(";");
  const [factor] = numbers(times ?? null, ",", 1);
  return dataset && variable && factor > 0 ? { dataset, variable, factor } : null;
}

/** @param {string | null} text @returns {Link["block"]} */
function decodeBlock(text) {
  const [west, south, east, north, ...at] = numbers(text, ",", 7);
  if (!at.length || !(south < north) || at.some((part) => part < 0 || part > 1)) return null;
  return { box: [west, south, east, north], at: [at[0], at[1], at[2]] };
}

/** @param {string | null} text @param {Layer[]} layers @returns {Link["compare"]} */
function decodeCompare(text, layers) {
  const [kind, by, other, at] = (text ?? "").split(";");
  const [place = 0.5] = numbers(at ?? null, ",", 1);
  const known = { kind: oneOf(kind ?? null, ["swipe", "side"]), by: oneOf(by ?? null, ["layer", "time"]) };
  const layer = known.by === "layer" ? (layers[Number(other || NaN)]?.id ?? null) : null;
  const time = known.by === "time" ? instant(other) : null;
  if (!known.kind || !known.by) return null;
  return { kind: known.kind, by: known.by, layer, time, at: Math.min(1, Math.max(0, place)) };
}
