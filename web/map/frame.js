/** A frame: all tiles of all visible layers at one moment, in one view. It is shown when it is whole. */
import { isAbort } from "../api.js";
import { detailOf, timeOf } from "../lib/select.js";
import { isPaintable, requestOf } from "../tile/request.js";
import { rampsOf } from "../tile/ramps.js";
import { tiles as source } from "../tile/source.js";
import { nameOf, tilesIn, tileZoom } from "./grid.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Layer} Layer
 * @typedef {import("../tile/source.js").TileRequest} TileRequest
 * @typedef {import("../tile/source.js").TileData} TileData
 * @typedef {import("../tile/ramps.js").Ramp} Ramp
 * @typedef {{z: number, x: number, y: number, request: TileRequest, data: TileData | null}} Tile
 * @typedef {{window: import("./grid.js").Window, zoom: number, isLarge: boolean, hasPainter: boolean}} View
 *
 * @typedef {object} Sheet one layer's part
 * @property {Layer} layer as it was when the frame was asked for
 * @property {string} values which values are shown: of another text none of the tiles is the same
 * @property {boolean} isRaw
 * @property {number} z
 * @property {Map<string, Tile>} tiles by name
 * @property {Ramp[] | null} ramps the latest that were known for these values
 */

export class Frame {
  #controller = new AbortController();
  #left = 0;
  /** Layers that some tile of has failed, by id. @type {Map<string, Error>} */
  failures = new Map();

  /** @param {Sheet[]} sheets the lowest layer first */
  constructor(sheets) {
    this.sheets = sheets;
    this.content = sheets.map(({ layer, values, z }) => `${layer.id} ${z} ${values}`).join("\n");
    this.signature = `${this.content}\n${sheets.map(({ tiles }) => [...tiles.keys()].sort().join()).join("\n")}`;
  }

  /** Whether nothing is on its way any more. */
  get isLoaded() {
    return this.#left === 0;
  }

  /** Whether all is there, its colours too. */
  get isWhole() {
    return this.isLoaded && this.sheets.every(({ isRaw, ramps }) => !isRaw || ramps);
  }

  /**
   * @param {number} urgency @param {() => void} progress is told of every tile that comes, or fails
   */
  load(urgency, progress) {
    for (const sheet of this.sheets) {
      for (const tile of sheet.tiles.values()) {
        tile.data ??= source.peek(tile.request);
        if (!tile.data) this.#loadTile(sheet, tile, urgency, progress);
      }
    }
  }

  /** @param {Sheet} sheet @param {Tile} tile @param {number} urgency @param {() => void} progress */
  #loadTile(sheet, tile, urgency, progress) {
    this.#left++;
    const done = () => {
      this.#left--;
      progress();
    };
    source.load(tile.request, this.#controller.signal, urgency).then((data) => {
      tile.data = data;
      done();
    }, (error) => {
      if (isAbort(error)) return;
      this.failures.set(sheet.layer.id, error);
      done();
    });
  }

  stop() {
    this.#controller.abort();
  }
}

/** @param {State} state @param {View} view */
export function makeFrame(state, view) {
  return new Frame(state.layers.flatMap((layer) => sheetOf(state, layer, view) ?? []));
}

/** @param {State} state @param {Layer} layer @param {View} view @returns {Sheet | null} null of what is not shown, or not known yet */
function sheetOf(state, layer, { window, zoom, isLarge, hasPainter }) {
  const detail = detailOf(state, layer);
  if (!layer.visible || !detail) return null;
  const [z, time] = [tileZoom(zoom, detail), timeOf(state, layer)];
  const isRaw = hasPainter && isPaintable(state, layer);
  const pattern = requestOf(state, layer, time, { z: 0, x: 0, y: 0, isLarge }, isRaw);
  if (!pattern) return null;
  const tiles = new Map(tilesIn(window, z, detail.bbox).map((name) => {
    const request = /** @type {TileRequest} */ (requestOf(state, layer, time, { ...name, isLarge }, isRaw));
    return [nameOf(name), { ...name, request, data: null }];
  }));
  return { layer, values: pattern.address, isRaw, z, tiles, ramps: isRaw ? rampsOf(state, layer) : [] };
}

/**
 * Colours as they are chosen now, for what is shown: a layer that already has other values keeps those
 * that its tiles came with.
 * @param {Frame} frame @param {State} state
 */
export function recolour({ sheets }, state) {
  for (const sheet of sheets) {
    const now = state.layers.find(({ id }) => id === sheet.layer.id);
    const isSame = now && ["dataset", "variable", "expression"].every((key) => Reflect.get(now, key) === Reflect.get(sheet.layer, key));
    if (!isSame) continue;
    sheet.layer = now;
    if (sheet.isRaw && isPaintable(state, now)) sheet.ramps = rampsOf(state, now) ?? sheet.ramps;
  }
}
