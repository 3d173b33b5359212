/** Frames ahead of their time: the next ones are on the globe unseen, of later ones the tiles are here. */
import { isAbort } from "../api.js";
import { tiles } from "../tile/source.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("./coats.js").Wanted} Wanted */

/** Frames that lie on the globe unseen: each takes as much of the graphics card as the one that is seen. */
const UNSEEN = 2;
/** Frames ahead in all: as in a film, what comes much later can come later. */
const MOST = 24;

export class Ahead {
  #loading = new AbortController();
  /** Times whose tiles are here. @type {Set<string>} */
  #here = new Set();
  #asked = "";

  /** @param {import("./coats.js").Coats} coats @param {Store} store @param {(state: State) => Wanted[]} wantedAt */
  constructor(coats, store, wantedAt) {
    this.coats = coats;
    this.store = store;
    this.wantedAt = wantedAt;
    this.unsubscribe = store.subscribe(["preload"], () => this.refresh());
  }

  /** The same stack at another time: a layer with its own time keeps it. @param {string} time */
  #at(time) {
    return this.wantedAt({ ...this.store.get(), time });
  }

  refresh() {
    const { preload, mode } = this.store.get();
    if (mode !== "globe") return;
    if (!preload.length) {
      this.#loading.abort();
      [this.#here, this.#asked] = [new Set(), ""];
    }
    this.coats.ahead(this.coats.isWaiting ? [] : preload.slice(0, UNSEEN).flatMap((time) => this.#at(time)));
  }

  /** After each frame. */
  settle() {
    const isIdle = () => !this.coats.isWaiting && this.coats.isWhole;
    if (!this.store.get().preload.length || !isIdle()) return;
    this.refresh();
    if (!isIdle()) return;
    this.#report();
    this.#fetchLater();
  }

  /** Tiles of the later times: those that the frame that is shown needed. */
  #fetchLater() {
    const later = this.store.get().preload.slice(UNSEEN, MOST);
    if (later.join() === this.#asked) return;
    this.#asked = later.join();
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#here = new Set([...this.#here].filter((time) => later.includes(time)));
    for (const time of later) if (!this.#here.has(time)) void this.#fetch(time, this.#loading.signal);
  }

  /** @param {string} time @param {AbortSignal} signal */
  async #fetch(time, signal) {
    const wanted = this.#at(time).flatMap((one) => one.requests(this.coats.tilesOf(one.id)));
    try {
      await Promise.all(wanted.map((request) => tiles.load(request, signal, 1)));
      this.#here.add(time);
      this.#report();
    } catch (error) {
      if (!isAbort(error)) this.#asked = "";
    }
  }

  #report() {
    const { preload, ready, mode } = this.store.get();
    if (mode !== "globe") return;
    const { keys, isWhole } = this.coats;
    const isHere = (/** @type {string} */ time) =>
      this.#here.has(time) || ready.includes(time) || (isWhole && this.#at(time).every(({ key }) => key !== null && keys.has(key)));
    const now = preload.filter(isHere);
    if (now.join() !== ready.join()) this.store.set({ ready: now });
  }

  stop() {
    this.unsubscribe();
    this.#loading.abort();
  }
}
