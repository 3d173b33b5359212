/** While time plays, the second side's time goes on as the first's does. */
import { activeOf, timeOf } from "../lib/select.js";
import { otherTime, stepBeside } from "./sides.js";

/**
 * @param {import("../types.js").Store} store
 * @returns {() => void} stop
 */
export function stepTogether(store) {
  let before = store.get();
  return store.subscribe(["time", "layers", "playing"], (state) => {
    const [then, now] = [timeOf(before, activeOf(before)), timeOf(state, activeOf(state))];
    const { compare } = state;
    if (state.playing && compare?.by === "time" && now !== null && then !== now && otherTime(before) !== null) {
      store.set({ compare: { ...compare, time: stepBeside({ ...before, compare }, now) } });
    }
    before = store.get();
  });
}
