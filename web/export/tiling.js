/** Tiles that cover a picture. Pure. */

/**
 * Those of a zoom within a window, as often as its worlds are seen.
 * @param {import("../map/grid.js").Window} window @param {number} across tiles around the world
 */
export function* tilesOf({ west, north, east, south }, across) {
  const last = Math.min(across, Math.ceil(south * across)) - 1;
  for (let y = Math.max(0, Math.floor(north * across)); y <= last; y++) {
    for (let x = Math.floor(west * across); x < east * across; x++) yield { x, y };
  }
}

/**
 * A square in whole pixels: between neighbours there is no seam.
 * @param {number} left @param {number} top @param {number} side
 * @returns {[number, number, number, number]} left, top, width, height
 */
export function wholePixels(left, top, side) {
  const [x, y] = [Math.round(left), Math.round(top)];
  return [x, y, Math.round(left + side) - x, Math.round(top + side) - y];
}
