/** Numbers as people read them, in the language of the page. Pure. */
import { getLanguage } from "./text.js";

const MINUS = "−";

/**
 * A value with some four significant digits, in powers of ten where it is very large or small.
 * @param {number | null | undefined} value
 */
export function formatValue(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return signed(value.toExponential(2));
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  return signed(String(Number(value.toFixed(digits))));
}

/** @param {string} text */
function signed(text) {
  return decimal(text.replace(/^-/, MINUS));
}

/** A number's digits with the language's decimal sign: "0.5", "0,5". @param {string} digits */
export function decimal(digits) {
  return getLanguage() === "de" ? digits.replace(".", ",") : digits;
}

/** "43.21° N, 12.45° W" @param {number} lat @param {number} lon @param {number} [digits] */
export function formatPlace(lat, lon, digits = 2) {
  const degrees = (/** @type {number} */ value) => decimal(Math.abs(value).toFixed(digits));
  const east = getLanguage() === "de" ? "O" : "E";
  return `${degrees(lat)}° ${lat < 0 ? "S" : "N"}, ${degrees(lon)}° ${lon < 0 ? "W" : east}`;
}

/** A longitude between -180 and 180. @param {number} lon */
export function wrapLongitude(lon) {
  return ((((lon + 180) % 360) + 360) % 360) - 180;
}

/**
 * Units as they are printed: "degC" or "degree_Celsius" is "°C", "m s-1" is "m s⁻¹", "1" is nothing.
 * @param {string | null | undefined} units
 */
export function formatUnits(units) {
  if (!units || units === "1") return "";
  if (/^deg(rees?)?_?(C|celsius)$/i.test(units) || units === "celsius") return "°C";
  const powers = units.replace(/^1e([+-]?\d+)(?=\s|$)/i, "10^$1").replace(/\^\+/, "^");
  const raised = { 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹", "-": "⁻" };
  return powers.replace(/(?<=[A-Za-z])(-?\d)(?=\s|$)|\^(-?\d+)/g, (power) =>
    [...power.replace("^", "")].map((sign) => raised[/** @type {"1"} */ (sign)]).join(""),
  );
}

/** "1 step", "2 steps" @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
