/** Keeps `--sheet` and `--timebar`, the room that both take at the bottom, for all that floats above them. */
import { isNarrow } from "./room.js";

const GAP = 16; // as `--gap`, on a wide window
const NARROW_GAP = 8;

/**
 * @param {HTMLElement} root @param {import("../types.js").Store} _store
 * @returns {() => void} unmount
 */
export function mountMeasure(root, _store) {
  const sheets = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".sheet")]);
  const timebar = /** @type {HTMLElement} */ (document.getElementById("timebar"));
  const measure = () => {
    const isSheet = isNarrow();
    // Of two sheets the later covers the other.
    const sheet = isSheet ? sheets.filter((element) => element.offsetHeight).at(-1)?.offsetHeight ?? 0 : 0;
    const time = timebar.offsetHeight ? timebar.offsetHeight + (isSheet ? NARROW_GAP : GAP) : 0;
    root.style.setProperty("--sheet", `${sheet}px`);
    root.style.setProperty("--timebar", `${time}px`);
  };
  const observer = new ResizeObserver(measure);
  for (const element of [...sheets, timebar, root]) observer.observe(element);
  return () => observer.disconnect();
}
