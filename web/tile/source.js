/**
 * Tiles of the server, each asked for once: equal requests share an answer, and what was used last is
 * kept. One source serves the map, the globe, histograms and exports alike.
 */
import { ApiError, ask, explain } from "../ask.js";
import { rawValue } from "./decode.js";
import { patternTile } from "./pattern.js";
import { Shelf } from "./shelf.js";
import { unpackBeside } from "./unpacker.js";

/**
 * @typedef {{address: string, kind: "raw" | "image"}} TileRequest
 * @typedef {import("./decode.js").RawTile} RawTile
 * @typedef {{kind: "image", width: number, height: number, bitmap: ImageBitmap, isOver?: boolean}} ImageTile coloured by the server, or the pattern of what is over its budget
 * @typedef {RawTile | ImageTile} TileData
 * @typedef {{start: () => void, urgency: number}} Job
 */

const MEGABYTE = 2 ** 20;
const MOST_BYTES = 256 * MEGABYTE;
/** Of a device's memory, as far as the browser tells it. */
const SHARE = 1 / 24;
const IN_FLIGHT = 12;
const OVER_BUDGET = 413;

function roomFor() {
  const { deviceMemory = 8 } = /** @type {{deviceMemory?: number}} */ (navigator);
  return Math.min(MOST_BYTES, deviceMemory * 1024 * MEGABYTE * SHARE);
}

/** A request that others may wait for as well; given up when none does any more. */
class Pending {
  controller = new AbortController();
  waiting = 0;
  /** @type {Promise<TileData>} */
  answer = Promise.reject();

  constructor() {
    this.answer.catch(() => {});
  }

  /** @param {AbortSignal} signal */
  join(signal) {
    this.waiting++;
    return new Promise((/** @type {(data: TileData) => void} */ resolve, reject) => {
      const leave = () => {
        if (--this.waiting === 0) this.controller.abort();
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }
}

export class TileSource {
  /** @type {Map<string, Pending>} */
  #pending = new Map();
  /** @type {Job[]} */
  #jobs = [];
  #inFlight = 0;

  /** @param {number} [bytes] that are kept */
  constructor(bytes = roomFor()) {
    /** @type {Shelf<TileData>} */
    this.kept = new Shelf(bytes);
  }

  /** The most bytes of tiles that are kept. */
  get room() {
    return this.kept.limit;
  }

  /** A tile that is here already. @param {TileRequest} request @returns {TileData | null} */
  peek({ address }) {
    return this.kept.get(address);
  }

  /**
   * @param {TileRequest} request
   * @param {AbortSignal} signal
   * @param {number} [urgency] the lower, the sooner: 0 of what is looked at, 1 of what may be soon
   * @returns {Promise<TileData>}
   * @throws {ApiError} in the server's words
   */
  async load(request, signal, urgency = 0) {
    signal.throwIfAborted();
    const { address } = request;
    const kept = this.kept.get(address);
    if (kept) return kept;
    let pending = this.#pending.get(address);
    if (!pending) {
      pending = new Pending();
      pending.answer = this.#enqueue(request, pending.controller.signal, urgency);
      this.#pending.set(address, pending);
      this.#forget(address, pending);
    }
    return pending.join(signal);
  }

  /** @param {string} address @param {Pending} pending */
  #forget(address, pending) {
    const leave = () => this.#pending.get(address) === pending && this.#pending.delete(address);
    pending.controller.signal.addEventListener("abort", leave);
    pending.answer.then((data) => {
      this.kept.put(address, data, bytesOf(data));
      leave();
    }, leave);
  }

  /** @param {TileRequest} request @param {AbortSignal} signal @param {number} urgency @returns {Promise<TileData>} */
  #enqueue(request, signal, urgency) {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#inFlight++;
        fetchTile(request, signal).then(resolve, reject).finally(() => {
          this.#inFlight--;
          this.#next();
        });
      };
      const job = { start, urgency };
      signal.addEventListener("abort", () => {
        this.#jobs = this.#jobs.filter((other) => other !== job);
        reject(signal.reason);
      });
      this.#jobs.push(job);
      this.#next();
    });
  }

  #next() {
    while (this.#inFlight < IN_FLIGHT && this.#jobs.length) {
      const least = Math.min(...this.#jobs.map(({ urgency }) => urgency));
      const at = this.#jobs.findIndex(({ urgency }) => urgency === least);
      this.#jobs.splice(at, 1)[0].start();
    }
  }
}

/** @param {TileData} data */
export function bytesOf(data) {
  return data.kind === "raw" ? data.codes.byteLength : 4 * data.width * data.height;
}

/** @param {TileRequest} request @param {AbortSignal} signal @returns {Promise<TileData>} */
async function fetchTile({ address, kind }, signal) {
  const response = await ask(address, { signal });
  if (kind === "raw" && response.status === OVER_BUDGET) return patternTile();
  if (!response.ok) throw new ApiError(await explain(response), response.status);
  if (kind === "raw") return unpackBeside(await response.arrayBuffer());
  const bitmap = await createImageBitmap(await response.blob(), { premultiplyAlpha: "premultiply" });
  return { kind, width: bitmap.width, height: bitmap.height, bitmap, isOver: response.headers.has("x-over-budget") };
}

/**
 * The value of a pixel; null where there is none, and of tiles that the server has coloured.
 * @param {TileData} data @param {number} band @param {number} col @param {number} row
 * @returns {number | null}
 */
export function valueAt(data, band, col, row) {
  return data.kind === "raw" ? rawValue(data, band, col, row) : null;
}

export const tiles = new TileSource();
