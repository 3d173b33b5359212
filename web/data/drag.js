/** Rows are moved by their grips: dragged, or by the arrow keys. */

const GRIP = ".layer-grip";

/**
 * @param {HTMLElement} list whose first row is the highest layer
 * @param {(id: string, by: number) => void} move so many layers up
 * @returns {() => void} stop
 */
export function followDrag(list, move) {
  const controller = new AbortController();
  const { signal } = controller;
  const rowOf = (/** @type {Event} */ { target }) => {
    const grip = /** @type {Element} */ (target).closest(GRIP);
    return /** @type {HTMLElement | null} */ (grip?.closest("[data-layer]") ?? null);
  };
  list.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const row = rowOf(event);
    if (!by || !row?.dataset.layer) return;
    event.preventDefault();
    event.stopPropagation();
    move(row.dataset.layer, by);
  }, { signal });
  list.addEventListener("pointerdown", (event) => {
    const row = rowOf(event);
    if (row && event.button === 0) startDrag(list, row, event, move);
  }, { signal });
  return () => controller.abort();
}

/** @param {HTMLElement} list @param {HTMLElement} row @param {PointerEvent} start @param {(id: string, by: number) => void} move */
function startDrag(list, row, start, move) {
  start.preventDefault();
  const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-layer]")]);
  const middles = rows.map((other) => other.getBoundingClientRect()).map(({ top, height }) => top + height / 2);
  const from = rows.indexOf(row);
  const stop = new AbortController();
  let to = from;
  const follow = (/** @type {PointerEvent} */ { clientY }) => {
    const by = clientY - start.clientY;
    const at = middles[from] + by;
    to = middles.filter((middle, i) => i !== from && middle < at).length;
    row.style.translate = `0 ${by}px`;
    rows.forEach((other, i) => {
      const shift = i === from ? 0 : i > from && i <= to ? -1 : i < from && i >= to ? 1 : 0;
      if (i !== from) other.style.translate = shift ? `0 ${shift * row.offsetHeight}px` : "";
    });
  };
  const end = () => {
    stop.abort();
    row.classList.remove("is-dragged");
    rows.forEach((other) => (other.style.translate = ""));
    if (to !== from) move(row.dataset.layer ?? "", from - to);
  };
  row.classList.add("is-dragged");
  window.addEventListener("pointermove", follow, { signal: stop.signal });
  window.addEventListener("pointerup", end, { signal: stop.signal });
  window.addEventListener("pointercancel", end, { signal: stop.signal });
}
