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

/**
 * @param {import("./coats.js").Coats} coats @param {Store} store @param {(state: State) => Wanted[]} wantedAt
 */
export function mountAhead(coats, store, wantedAt) {
  let loading = new AbortController();
  /** Times whose tiles are here. @type {Set<string>} */
  let here = new Set();
  let asked = "";

  /** The same stack at another time: a layer with its own time keeps it. @param {string} time */
  const at = (time) => wantedAt({ ...store.get(), time });

  const refresh = () => {
    const { preload, mode } = store.get();
    if (mode !== "globe") return;
    if (!preload.length) {
      loading.abort();
      [here, asked] = [new Set(), ""];
    }
    coats.ahead(coats.isWaiting ? [] : preload.slice(0, UNSEEN).flatMap(at));
  };

  /** Tiles of the later times: those that the next frame needed. */
  const fetchLater = () => {
    const { preload } = store.get();
    const later = preload.slice(UNSEEN, MOST);
    const key = later.join();
    if (key === asked) return;
    asked = key;
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    here = new Set([...here].filter((time) => later.includes(time)));
    for (const time of later.filter((one) => !here.has(one))) {
      const wanted = at(time).flatMap((one) => one.requests(coats.tilesOf(one.id)));
      Promise.all(wanted.map((request) => tiles.load(request, signal, 1))).then(() => {
        here.add(time);
        report();
      }, (error) => !isAbort(error) && (asked = ""));
    }
  };

  const report = () => {
    const { preload, ready, mode } = store.get();
    if (mode !== "globe") return;
    const { keys } = coats;
    const now = preload.filter((time) => here.has(time) || (coats.isWhole && at(time).every(({ key }) => key !== null && keys.has(key))));
    const kept = preload.filter((time) => now.includes(time) || ready.includes(time));
    if (kept.join() !== ready.join()) store.set({ ready: kept });
  };

  const stop = store.subscribe(["preload"], refresh);
  return {
    refresh,
    settle() {
      if (!store.get().preload.length || coats.isWaiting || !coats.isWhole) return;
      refresh();
      if (!coats.isWhole) return;
      report();
      fetchLater();
    },
    stop() {
      stop();
      loading.abort();
    },
  };
}
