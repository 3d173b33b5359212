/** Own colormaps: the JSON of the server's `colormap`, read as its three forms, and written. Pure. */

/**
 * @typedef {{value: number, label: string, color: string}} Entry
 * @typedef {{low: number, high: number, color: string}} Step
 * @typedef {{kind: "classes", entries: Entry[], lut?: undefined}
 *   | {kind: "steps", entries: Step[], lut?: undefined}
 *   | {kind: "ramp", colors: string[], lut: Uint8Array}} Own
 */

const COLOUR = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
/** @type {Map<string, Own | null>} the same text gives the same object, so that nothing is made twice */
const parsed = new Map();
const KEPT = 50;

/** @param {string} colormap a name or JSON @returns {Own | null} null of a name, and of what makes no sense */
export function parseOwn(colormap) {
  if (!isJson(colormap)) return null;
  const known = parsed.get(colormap);
  if (known !== undefined) return known;
  if (parsed.size >= KEPT) parsed.clear();
  const own = read(colormap);
  parsed.set(colormap, own);
  return own;
}

/** Whether it is no name of a colormap. @param {string} colormap */
export function isJson(colormap) {
  return /^[[{]/.test(colormap);
}

/** @param {string} text @returns {Own | null} */
function read(text) {
  try {
    const raw = JSON.parse(text);
    return Array.isArray(raw) ? readList(raw) : readValues(raw);
  } catch {
    return null;
  }
}

/** @param {Record<string, unknown>} raw @returns {Own | null} */
function readValues(raw) {
  const entries = Object.entries(raw)
    .filter(([value, color]) => /^-?\d{1,8}$/.test(value) && isColour(color))
    .map(([value, color]) => ({ value: Number(value), label: value, color: String(color) }))
    .sort((a, b) => a.value - b.value);
  if (!entries.length || entries.length < Object.keys(raw).length) return null;
  const [first, last] = [entries[0].value, entries[entries.length - 1].value];
  if (first !== 0 || last !== 255) return { kind: "classes", entries };
  const colors = entries.map(({ color }) => color);
  return { kind: "ramp", colors, lut: mix(entries.map(({ value }) => value / 255), colors) };
}

/** @param {unknown[]} raw @returns {Own | null} */
function readList(raw) {
  if (raw.length && Array.isArray(raw[0])) return readSteps(/** @type {[[number, number], string][]} */ (raw));
  if (raw.length < 2 || !raw.every(isColour)) return null;
  const colors = raw.map(String);
  return { kind: "ramp", colors, lut: mix(colors.map((_, i) => i / (colors.length - 1)), colors) };
}

/** @param {[[number, number], string][]} raw @returns {Own | null} */
function readSteps(raw) {
  const entries = raw.map(([[low, high], color]) => ({ low, high, color })).sort((a, b) => a.low - b.low);
  const isSound = entries.every(({ low, high, color }, i) =>
    Number.isFinite(low) && low < high && isColour(color) && (i === 0 || entries[i - 1].high <= low));
  return isSound ? { kind: "steps", entries } : null;
}

/** @param {unknown} color */
function isColour(color) {
  return typeof color === "string" && COLOUR.test(color);
}

/** 256 colours, straight in sRGB between those given. @param {number[]} positions ascending, 0 to 1 @param {string[]} colors */
function mix(positions, colors) {
  const bytes = colors.map(bytesOf);
  const lut = new Uint8Array(256 * 4);
  let right = 1;
  for (let i = 0; i < 256; i++) {
    const at = i / 255;
    while (right < positions.length - 1 && positions[right] < at) right++;
    const part = (at - positions[right - 1]) / (positions[right] - positions[right - 1]);
    for (let c = 0; c < 4; c++) lut[4 * i + c] = roundEven(bytes[right - 1][c] + part * (bytes[right][c] - bytes[right - 1][c]));
  }
  return lut;
}

/** As numpy's `rint`: halves go to the even number. @param {number} value */
function roundEven(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}

/** @param {string} color `#rrggbb` or `#rrggbbaa`, or with one digit for two */
export function bytesOf(color) {
  if (color.length < 6) return bytesOf(`#${[...color.slice(1)].map((digit) => digit + digit).join("")}`);
  return [1, 3, 5, 7].map((at) => parseInt(color.slice(at, at + 2) || "ff", 16));
}

/** The same colours the other way round: of classes and steps, of what they stand for. @param {string} colormap */
export function reverseOwn(colormap) {
  const own = parseOwn(colormap);
  if (!own) return colormap;
  if (own.kind === "ramp") return JSON.stringify(own.colors.toReversed());
  const colors = own.entries.map(({ color }) => color).reverse();
  if (own.kind === "steps") return JSON.stringify(own.entries.map(({ low, high }, i) => [[low, high], colors[i]]));
  return JSON.stringify(Object.fromEntries(own.entries.map(({ value }, i) => [value, colors[i]])));
}
