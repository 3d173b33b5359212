/** What Cesium asks for the pictures of a layer: canvases by level, column and row of a world in degrees. */
import { Event, GeographicTilingScheme, WebMercatorTilingScheme } from "./cesium.js";

/** @typedef {{z: number, x: number, y: number}} Tile */
/** @typedef {HTMLCanvasElement | HTMLImageElement} Picture */
/** @typedef {(tile: Tile, signal: AbortSignal) => Picture | Promise<Picture>} Draw */

const TILE = 256;
const DEGREES = new GeographicTilingScheme();
const MERCATOR = new WebMercatorTilingScheme();

/** A picture of nothing. */
export const BLANK = document.createElement("canvas");
BLANK.width = BLANK.height = 1;

/**
 * One set of pictures: another style or time is another provider. It counts what it waits for,
 * and tells when something came.
 */
export class CanvasProvider {
  tileWidth = TILE;
  tileHeight = TILE;
  minimumLevel = 0;
  tileDiscardPolicy = undefined;
  credit = undefined;
  proxy = undefined;
  pending = 0;
  /** What was asked for. @type {Tile[]} */
  tiles = [];
  errorEvent = new Event();
  #aborter = new AbortController();

  /**
   * @param {Draw} draw
   * @param {{onCome: () => void, onFail?: (error: unknown) => void, most: number, opaque?: boolean, mercator?: boolean}} options
   */
  constructor(draw, { onCome, onFail = () => {}, most, opaque = false, mercator = false }) {
    this.draw = draw;
    this.onCome = onCome;
    this.onFail = onFail;
    this.maximumLevel = most;
    this.hasAlphaChannel = !opaque;
    this.tilingScheme = mercator ? MERCATOR : DEGREES;
    this.rectangle = this.tilingScheme.rectangle;
    // Without a listener Cesium writes to the console what our notices tell.
    this.errorEvent.addEventListener(() => {});
  }

  getTileCredits() {
    return [];
  }

  pickFeatures() {
    return undefined;
  }

  /** @param {number} x @param {number} y @param {number} level @returns {Promise<Picture>} */
  async requestImage(x, y, level) {
    const { signal } = this.#aborter;
    const tile = { z: level, x, y };
    this.tiles.push(tile);
    this.pending++;
    try {
      return await this.draw(tile, signal);
    } catch (error) {
      if (!signal.aborted) this.onFail(error);
      throw error;
    } finally {
      this.pending--;
      this.onCome();
    }
  }

  /** What is on its way is no longer wanted. */
  stop() {
    this.#aborter.abort();
  }
}
