/** Frames of times that are to come, loaded so that a step of time asks the server for nothing. */
import { setTime } from "../lib/layers.js";
import { bytesOf, tiles as source } from "../tile/source.js";
import { makeFrame, recolour } from "./frame.js";

/** @typedef {import("./frame.js").Frame} Frame */
/** @typedef {import("../types.js").State} State */

/** Of the room for tiles: what is looked at has to stay too. */
const SHARE = 0.75;
const CODE_BYTES = 2;
const COLOUR_BYTES = 4;

export class Ahead {
  /** By time. @type {Map<string, Frame>} */
  #frames = new Map();
  #basis = "";

  /** @param {(ready: string[]) => void} tell which times are whole, after every change */
  constructor(tell) {
    this.tell = tell;
  }

  /** @param {State} state @param {import("./frame.js").View} view */
  update(state, view) {
    const basis = basisOf(state, view);
    const before = this.#frames;
    const known = basis === this.#basis ? before : new Map();
    this.#basis = basis;
    this.#frames = new Map();
    let room = source.room * SHARE;
    for (const time of state.preload) {
      const frame = known.get(time) ?? makeFrame({ ...state, ...setTime(state, time) }, view);
      room -= weightOf(frame, view);
      if (room < 0 && this.#frames.size) break;
      this.#frames.set(time, frame);
      if (!known.has(time)) frame.load(1, () => frame.isLoaded && this.#tell());
    }
    const kept = new Set(this.#frames.values());
    for (const frame of before.values()) if (!kept.has(frame)) frame.stop();
    this.#tell();
  }

  /** A frame that is whole already, in the colours of now. @param {string} signature @param {State} state @returns {Frame | null} */
  take(signature, state) {
    for (const [time, frame] of this.#frames) {
      if (frame.signature !== signature || !frame.isLoaded) continue;
      recolour(frame, { ...state, ...setTime(state, time) });
      return frame;
    }
    return null;
  }

  #tell() {
    this.tell([...this.#frames].filter(([, frame]) => frame.isLoaded).map(([time]) => time));
  }

  stop() {
    for (const frame of this.#frames.values()) frame.stop();
    this.#frames.clear();
  }
}

/** All that makes other frames of the same times. @param {State} state @param {import("./frame.js").View} view */
function basisOf({ layers, active, details, axes, ranges }, view) {
  const apart = layers.map((layer) => (layer.id === active && layer.time ? { ...layer, time: "" } : layer));
  const versions = Object.values(details).map(({ id, version }) => `${id} ${version}`);
  return JSON.stringify([apart, active, versions, Object.keys(axes), ranges, view]);
}

/** Bytes of a frame's tiles. @param {Frame} frame @param {import("./frame.js").View} view */
function weightOf({ sheets }, { isLarge }) {
  const pixels = (isLarge ? 4 : 1) * 256 ** 2;
  return sheets.reduce((sum, { tiles, isRaw }) => {
    const some = [...tiles.values()].find(({ data }) => data)?.data;
    return sum + tiles.size * (some ? bytesOf(some) : pixels * (isRaw ? CODE_BYTES : COLOUR_BYTES));
  }, 0);
}
