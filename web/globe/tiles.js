/** Tiles of a world in degrees, in which the poles are places as all others. */
import { getPainter } from "../tile/painter.js";
import { isPaintable, requestOf as requestTile } from "../tile/request.js";
import { tiles, valueAt } from "../tile/source.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../tile/source.js").TileRequest} TileRequest */
/** @typedef {import("../tile/source.js").TileData} TileData */
/** @typedef {Pick<State, "details" | "ranges">} Known */
/** @typedef {{state: Known, layer: Layer, time: string | null}} Values what a layer shows at a time */

const TMS = "WorldCRS84Quad";

/** Whether a layer is coloured here. @param {Known} state @param {Layer} layer */
export function isRaw(state, layer) {
  return getPainter() !== null && isPaintable(state, layer);
}

/** @param {Values} values @param {import("./provider.js").Tile} tile @param {boolean} [raw] @returns {TileRequest | null} */
export function requestOf({ state, layer, time }, { z, x, y }, raw = isRaw(state, layer)) {
  return requestTile(state, layer, time, { z, x, y, tms: TMS }, raw);
}

/** @param {Values} values @param {import("./provider.js").Tile} tile @param {AbortSignal} signal @param {boolean} [raw] @returns {Promise<TileData>} */
export async function loadTile(values, tile, signal, raw) {
  const request = requestOf(values, tile, raw);
  if (!request) throw new Error(`${values.layer.dataset}: no variable ${values.layer.variable}`);
  return tiles.load(request, signal);
}

/** @param {Values} values @param {import("./provider.js").Tile} tile @returns {TileData | null} */
export function peekTile(values, tile) {
  const request = requestOf(values, tile);
  return request && tiles.peek(request);
}

/** @param {TileData} data @returns {import("./heights.js").Read} */
export function reader(data) {
  return (col, row) => valueAt(data, 0, col, row);
}
