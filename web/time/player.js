/** Plays time: asks for the next frame, and moves on when it is there and the moment has come. */
import { setTime } from "../lib/layers.js";
import { timeAfter } from "../lib/select.js";

/**
 * @param {import("../types.js").Store} store
 * @returns {() => void} stop
 */
export function startPlayer(store) {
  let shownAt = 0;
  let timer = 0;
  const askNext = () => {
    shownAt = performance.now();
    const next = timeAfter(store.get(), 1);
    store.set({ preload: next ? [next] : [] });
  };
  const moveOn = () => {
    const { playing, preload: [next], ready } = store.get();
    if (!playing || !next || !ready.includes(next)) return;
    store.set(setTime(store.get(), next));
    askNext();
  };
  const stops = [
    store.subscribe(["playing"], ({ playing }) => {
      clearTimeout(timer);
      if (playing) askNext();
      else store.set({ preload: [] });
    }),
    // Another layer or place while playing makes another next frame; the view says when it is there.
    store.subscribe(["ready", "preload", "speed"], ({ playing, preload: [next], ready, speed }) => {
      clearTimeout(timer);
      if (!playing || !next || !ready.includes(next)) return;
      timer = window.setTimeout(moveOn, Math.max(0, shownAt + 1000 / speed - performance.now()));
    }),
  ];
  return () => {
    clearTimeout(timer);
    stops.forEach((stop) => stop());
  };
}
