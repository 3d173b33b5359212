/** Numbers as people read them. Pure. */

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
  return text.replace(/^-/, MINUS);
}

/** "43.21° N, 12.45° W" @param {number} lat @param {number} lon @param {number} [digits] */
export function formatPlace(lat, lon, digits = 2) {
  const north = `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? "S" : "N"}`;
  return `${north}, ${Math.abs(lon).toFixed(digits)}° ${lon < 0 ? "W" : "E"}`;
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
  const raised = { 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹", "-": "⁻" };
  return units.replace(/(?<=[A-Za-z])(-?\d)(?=\s|$)/g, (power) =>
    [...power].map((sign) => raised[/** @type {"1"} */ (sign)]).join(""),
  );
}

/** "1 step", "2 steps" @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
