/** Which tile to ask for: raw where it can be painted here, else with the colours of the server. */
import { rampOf } from "../colour/ramp.js";
import { isMissing } from "../colour/tables.js";
import { tileAddress } from "../lib/address.js";
import { detailOf, styleOf, variableOf } from "../lib/select.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Layer} Layer
 * @typedef {import("./source.js").TileRequest} TileRequest
 * @typedef {{z: number, x: number, y: number, tms?: string, isLarge?: boolean}} Place of a tile; large: `@2x`
 */

/**
 * @param {Pick<State, "details" | "ranges">} state @param {Layer} layer @param {string | null} time
 * @param {Place} place
 * @param {boolean} isRaw whether its values are wanted, see `isPaintable`
 * @returns {TileRequest | null} null while the dataset loads
 */
export function requestOf(state, layer, time, { z, x, y, tms, isLarge = false }, isRaw) {
  const [detail, variable] = [detailOf(state, layer), variableOf(state, layer)];
  if (!detail || !variable) return null;
  const suffix = `${isLarge ? "@2x" : ""}${isRaw ? ".bin" : ".png"}`;
  const address = tileAddress(detail, layer, variable, { time, z, x, y, tms, suffix, colours: !isRaw });
  return { address, kind: isRaw ? "raw" : "image" };
}

/** Stands for a table that is on its way. */
const ANY_TABLE = { lut: new Uint8Array(4 * 256), classes: null };

/**
 * Whether a layer's values can be coloured by a table here: its range has to be known, and classes told
 * by single bits are the server's to tell.
 * @param {Pick<State, "details" | "ranges">} state @param {Layer} layer
 */
export function isPaintable(state, layer) {
  const style = styleOf(state, layer);
  if (variableOf(state, layer)?.kind === "composite") return style.rescale !== null;
  const categories = layer.colormap === null ? style.categories : null;
  return !isMissing(style.colormap) && rampOf({ ...style, categories }, ANY_TABLE) !== null;
}
