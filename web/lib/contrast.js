/** Contrast of colours, as WCAG 2.2 defines it. Pure. */

/** @typedef {[number, number, number]} Rgb 0 to 255 */

/** @param {string} hex `#rgb` or `#rrggbb` @returns {Rgb | null} */
export function parseHex(hex) {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex)?.[1];
  if (!digits) return null;
  const whole = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  return /** @type {Rgb} */ ([0, 2, 4].map((at) => parseInt(whole.slice(at, at + 2), 16)));
}

/** @param {Rgb} rgb */
export function toHex(rgb) {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

/** Relative luminance, 0 to 1. @param {Rgb} rgb */
function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** 1 to 21. @param {Rgb} one @param {Rgb} other */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white: whichever is better read on a colour; one of them always has 4.5 or more. @param {Rgb} rgb @returns {Rgb} */
export function textOn(rgb) {
  const [black, white] = /** @type {Rgb[]} */ ([[0, 0, 0], [255, 255, 255]]);
  return contrast(rgb, white) >= 4.5 || contrast(rgb, white) > contrast(rgb, black) ? white : black;
}

/**
 * A colour moved towards black or white until it is read on a ground.
 * @param {Rgb} rgb @param {Rgb} ground @param {number} [least] contrast
 * @returns {Rgb}
 */
export function legible(rgb, ground, least = 4.5) {
  const goal = textOn(ground);
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = /** @type {Rgb} */ (rgb.map((part, i) => part + (goal[i] - part) * share));
    if (contrast(mixed, ground) >= least) return mixed;
  }
  return goal;
}
