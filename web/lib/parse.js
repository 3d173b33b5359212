/** Parts of texts that people may have changed: what they say, or nothing. Pure. */

/**
 * So many finite numbers, or none at all.
 * @param {string | null} text @param {string} separator @param {number} count
 * @returns {number[]}
 */
export function numbers(text, separator, count) {
  const found = (text ?? "").split(separator).map((part) => (part.trim() ? Number(part) : NaN));
  return found.length === count && found.every(Number.isFinite) ? found : [];
}

/**
 * @template {string} T
 * @param {string | null} text @param {T[]} choices
 * @returns {T | null}
 */
export function oneOf(text, choices) {
  return choices.find((choice) => choice === text) ?? null;
}
