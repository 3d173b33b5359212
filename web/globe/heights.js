/** Heights of a raw tile at the corners of a mesh. Pure. */

/** @typedef {(col: number, row: number) => number | null} Read a pixel */

/**
 * Between pixels, linearly; what lies beyond the outermost centres has their height, and what has none is sea level.
 * @param {Read} read @param {number} side pixels of the tile @param {number} count points of the mesh along a side
 * @returns {Float32Array} rows from the north
 */
export function heightmap(read, side, count) {
  const heights = new Float32Array(count * count);
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < count; i++) heights[j * count + i] = heightAt(read, side, i / (count - 1), j / (count - 1));
  }
  return heights;
}

/** @param {Read} read @param {number} side @param {number} u @param {number} v 0 to 1 from the north-west */
export function heightAt(read, side, u, v) {
  const [x, y] = [u, v].map((share) => Math.max(0, Math.min(side - 1, share * side - 0.5)));
  const [left, top] = [Math.min(side - 2, Math.floor(x)), Math.min(side - 2, Math.floor(y))];
  const at = (/** @type {number} */ col, /** @type {number} */ row) => read(col, row) ?? 0;
  const upper = between(at(left, top), at(left + 1, top), x - left);
  const lower = between(at(left, top + 1), at(left + 1, top + 1), x - left);
  return between(upper, lower, y - top);
}

/** @param {number} a @param {number} b @param {number} share */
function between(a, b, share) {
  return a + (b - a) * share;
}

const METRES = new Set(["m", "metre", "metres", "meter", "meters"]);

/**
 * Variables that may be heights of the ground: those in metres.
 * @param {Record<string, import("../types.js").Detail>} details
 * @returns {{dataset: string, variable: string, title: string}[]}
 */
export function terrainChoices(details) {
  return Object.values(details).flatMap(({ id, title, variables }) => variables
    .filter(({ kind, units }) => kind === "variable" && METRES.has((units ?? "").toLowerCase()))
    .map((variable) => ({ dataset: id, variable: variable.id, title: `${variable.title || variable.id} · ${title}` })));
}

/**
 * The finest level of tiles that has something to show: one beyond the data's own cells.
 * @param {Pick<import("../types.js").Detail, "bbox" | "levels">} detail
 */
export function mostLevel({ bbox, levels }) {
  const [height = 0, width = 0] = levels?.[0]?.shape ?? [];
  if (!bbox || !height || !width) return 12;
  const [west, south, east, north] = bbox;
  const across = (east < west ? east + 360 : east) - west;
  const cell = Math.min(across / width, (north - south) / height);
  return Math.max(1, Math.min(20, Math.ceil(Math.log2(180 / 256 / cell)) + 1));
}
