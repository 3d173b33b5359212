/** Plays time: asks for the next frame, and moves on when it is there and the moment has come. */
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
    store.set({ nextTime: timeAfter(store.get(), 1), readyTime: null });
  };
  const moveOn = () => {
    const { playing, nextTime, readyTime } = store.get();
    if (!playing || nextTime === null || readyTime !== nextTime) return;
    store.set({ time: nextTime });
    askNext();
  };
  const stops = [
    store.subscribe(["playing"], ({ playing }) => {
      clearTimeout(timer);
      if (playing) askNext();
      else store.set({ nextTime: null, readyTime: null });
    }),
    // Another layer or place while playing makes another next frame; the view says when it is there.
    store.subscribe(["readyTime", "speed"], ({ playing, nextTime, readyTime, speed }) => {
      clearTimeout(timer);
      if (!playing || readyTime === null || readyTime !== nextTime) return;
      timer = window.setTimeout(moveOn, Math.max(0, shownAt + 1000 / speed - performance.now()));
    }),
  ];
  return () => {
    clearTimeout(timer);
    stops.forEach((stop) => stop());
  };
}
