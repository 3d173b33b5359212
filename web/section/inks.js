/** Colours of the page for what is drawn on a canvas. */

/** @returns {import("./raster.js").Inks & {card: string}} */
export function inks() {
  const style = getComputedStyle(document.documentElement);
  const ink = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return { text: ink("--text"), muted: ink("--muted"), line: ink("--hairline"), empty: ink("--raised"), card: ink("--card") };
}
