/** Keys while the globe has the focus: arrows turn it, plus and minus zoom, N turns north up. */

const PIXELS = 120; // a press turns as much as the map is moved

/** @type {Record<string, [string, unknown]>} */
const KEYS = {
  ArrowLeft: ["view:pan", [-PIXELS, 0]],
  ArrowRight: ["view:pan", [PIXELS, 0]],
  ArrowUp: ["view:pan", [0, -PIXELS]],
  ArrowDown: ["view:pan", [0, PIXELS]],
  "+": ["view:zoom", 1],
  "=": ["view:zoom", 1],
  "-": ["view:zoom", -1],
  n: ["view:level", null],
};

/**
 * @param {HTMLCanvasElement} canvas @param {HTMLElement} element that acts on views' events
 * @returns {() => void} unmount
 */
export function mountKeys(canvas, element) {
  canvas.tabIndex = 0;
  const listen = (/** @type {KeyboardEvent} */ event) => {
    const found = event.ctrlKey || event.metaKey || event.altKey ? null : KEYS[event.key];
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    element.dispatchEvent(new CustomEvent(found[0], { detail: found[1] }));
  };
  canvas.addEventListener("keydown", listen);
  return () => canvas.removeEventListener("keydown", listen);
}
