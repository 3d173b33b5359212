/** How much of the stage the panels cover, so that what is fitted is fitted into the rest. */

const GAP = 16;
const NARROW = 760; // pixels: below, the panels are sheets at the bottom

export function isNarrow() {
  return window.matchMedia(`(max-width: ${NARROW}px)`).matches;
}

/** @returns {{left: number, top: number, right: number, bottom: number}} pixels at each side */
export function coveredSides() {
  const box = (/** @type {string} */ id) => {
    const rect = document.getElementById(id)?.getBoundingClientRect();
    return rect?.width ? rect : null;
  };
  const [panel, analysis, timebar, tools] = ["panel", "analysis", "timebar", "tools"].map(box);
  const top = tools ? tools.bottom : 0;
  if (isNarrow()) {
    // In a frame the panel is no sheet, but a card in the corner.
    const isSheet = (/** @type {string} */ id) => document.getElementById(id)?.matches(".sheet");
    const tops = [isSheet("panel") ? panel : null, isSheet("analysis") ? analysis : null, timebar].map((rect) => rect?.top ?? innerHeight);
    return { left: 0, right: 0, top: GAP, bottom: innerHeight - Math.min(...tops) };
  }
  return {
    // A panel that is folded up is a card in the corner.
    left: panel && panel.height > innerHeight / 2 ? panel.right : 0,
    right: analysis ? innerWidth - analysis.left : 0,
    top: Math.min(top, 80),
    bottom: timebar ? innerHeight - timebar.top : GAP,
  };
}
