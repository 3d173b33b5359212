/** Values at one step where no series tells them: of variables without time, and while a series is on its way. */
import { getJson, isAbort } from "../api.js";
import { valueAddress } from "../lib/address.js";
import { postJson } from "./answers.js";
import { areaOf, isPoint } from "./shape.js";

/** @typedef {import("../types.js").Place} Place */
/** @typedef {import("./question.js").Charted} Charted */

const KEPT = 100;

export class Readings {
  /** By address; undefined while it is on its way. @type {Map<string, number | null | undefined>} */
  #known = new Map();
  #controller = new AbortController();

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /**
   * Of an area its mean; where it changes with time, the series tells it.
   * @param {Place} place @param {Charted} charted @param {string | null} time
   * @returns {number | null | undefined} undefined while it is on its way
   */
  of(place, { layer, variable, hasTime }, time) {
    const area = areaOf(place);
    if (!area) return null;
    if (isPoint(place)) {
      const [lon, lat] = /** @type {number[]} */ (area.coordinates);
      return this.#find(valueAddress("point", layer, variable, [["lon", lon], ["lat", lat], ["time", time]]), null);
    }
    return hasTime ? undefined : this.#find(valueAddress("statistics", layer, variable, []), JSON.stringify(area));
  }

  /** @param {string} address @param {string | null} body */
  #find(address, body) {
    const key = `${address} ${body ?? ""}`;
    if (!this.#known.has(key)) void this.#ask(key, address, body);
    return this.#known.get(key);
  }

  /** @param {string} key @param {string} address @param {string | null} body */
  async #ask(key, address, body) {
    this.#known.set(key, undefined);
    for (const oldest of this.#known.keys()) if (this.#known.size > KEPT) this.#known.delete(oldest);
    const { signal } = this.#controller;
    try {
      const answer = await (body ? postJson(address, body, signal) : getJson(address, signal));
      this.#known.set(key, answer.value ?? answer.mean ?? null);
    } catch (error) {
      if (isAbort(error)) return;
      this.#known.set(key, null);
    }
    this.changed();
  }

  stop() {
    this.#controller.abort();
  }
}
