/** The colour tables of the server by name: each is asked for once, when it is first needed. */
import { getJson } from "../api.js";
import { path } from "../lib/address.js";
import { styleOf, variableOf } from "../lib/select.js";
import { bytesOf } from "./own.js";
import { bandRamps, rampOf } from "./ramp.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("./ramp.js").Ramp} Ramp */

/** Tells by the event `change` that a table has come. */
export const tables = new EventTarget();
/**
 * @typedef {object} Table
 * @property {Uint8Array} lut 256 × 4, straight RGBA
 * @property {import("./own.js").Entry[] | null} classes of a table made for some, such as land cover
 */
/** @type {Map<string, Table>} */
const known = new Map();
/** @type {Set<string>} */
const asked = new Set();
/** Those that did not come. @type {Set<string>} */
const missing = new Set();
const AGAIN_MS = 60_000;

/** Whether a table was asked for in vain a short while ago: the server has to colour, or to say why not. @param {string} name */
export function isMissing(name) {
  return missing.has(name.replace(/_r$/, ""));
}

/**
 * Null until it has come, which `change` tells.
 * @param {string} name may end in `_r`, for reversed @param {boolean} [isWanted] whether to ask for it
 * @returns {Table | null}
 */
export function tableOf(name, isWanted = true) {
  const found = known.get(name) ?? reversed(name);
  if (found) return found;
  const base = name.replace(/_r$/, "");
  if (isWanted && !asked.has(base) && !/^[[{]/.test(name)) ask(base);
  return null;
}

/** @param {string} name */
function ask(name) {
  asked.add(name);
  getJson(`colormaps/${path(name)}`, new AbortController().signal).then(
    (found) => keepTables([{ ...found, name }]),
    () => {
      missing.add(name);
      tables.dispatchEvent(new Event("change"));
      // It is asked for again when it is then wanted.
      setTimeout(() => {
        missing.delete(name);
        asked.delete(name);
      }, AGAIN_MS);
    },
  );
}

/** No request is needed for the same colours the other way round. @param {string} name @returns {Table | null} */
function reversed(name) {
  const table = name.endsWith("_r") && known.get(name.slice(0, -2));
  if (!table) return null;
  const pixels = new Uint32Array(table.lut.buffer).toReversed();
  const colors = table.classes?.map(({ color }) => color).reverse();
  const classes = table.classes?.map((entry, i) => ({ ...entry, color: colors?.[i] ?? entry.color })) ?? null;
  const made = { lut: new Uint8Array(pixels.buffer), classes };
  known.set(name, made);
  return made;
}

/** Tables that came by another way, such as all at once. @param {{name: string, colors: string[], classes?: import("./own.js").Entry[]}[]} listed */
export function keepTables(listed) {
  for (const { name, colors, classes = null } of listed) {
    known.set(name, { lut: Uint8Array.from(colors.flatMap(bytesOf)), classes });
  }
  tables.dispatchEvent(new Event("change"));
}

/**
 * What a layer's raw tiles are painted with: one ramp, or three ranges of a picture's bands.
 * @param {Pick<State, "details" | "ranges">} state @param {Layer} layer
 * @returns {Ramp[] | null} null while the table is on its way, and for what the server has to colour
 */
export function rampsOf(state, layer) {
  const style = styleOf(state, layer);
  if (variableOf(state, layer)?.kind === "composite") return style.rescale && bandRamps(style.rescale);
  const isNamed = !style.categories || layer.colormap !== null;
  const ramp = rampOf(layer.colormap === null ? style : { ...style, categories: null }, isNamed ? tableOf(style.colormap) : null);
  return ramp && [ramp];
}
