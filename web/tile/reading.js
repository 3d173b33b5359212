/** What a pixel of a layer says, as text. Pure. */
import { formatUnits, formatValue } from "../lib/number.js";
import { styleOf, variableOf } from "../lib/select.js";

/**
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Layer} Layer
 * @typedef {import("../types.js").Reading} Reading
 */

const BANDS = ["R", "G", "B"];

/**
 * @param {Pick<State, "details" | "ranges">} state @param {Layer} layer
 * @param {import("./source.js").TileData} data @param {number} col @param {number} row
 * @returns {Reading | null} null where nothing can be told: of tiles that came as pictures
 */
export function readingAt(state, layer, data, col, row) {
  if (data.kind === "image") return null;
  const { width, height, codes, scale, offset, bands } = data;
  const values = Array.from({ length: bands }, (_, band) => {
    const code = codes[(band * height + row) * width + col];
    return code ? offset + scale * code : null;
  });
  return { layer: layer.id, value: values[0], text: textOf(state, layer, values) };
}

/** @param {Pick<State, "details" | "ranges">} state @param {Layer} layer @param {(number | null)[]} values of its bands */
function textOf(state, layer, values) {
  if (values[0] === null) return "–";
  if (values.length === BANDS.length) return values.map((value, i) => `${BANDS[i]} ${formatValue(value)}`).join("  ");
  const { categories } = styleOf(state, layer);
  const label = categories?.find(({ value }) => value === Math.round(/** @type {number} */ (values[0])))?.label;
  if (label) return label;
  const units = formatUnits(variableOf(state, layer)?.units);
  return units ? `${formatValue(values[0])} ${units}` : formatValue(values[0]);
}
