/** Names of countries on a picture, as on the map: each from the zoom at which it has room, of two that overlap the larger country's. */

const SIZE = 11;
const LEADING = 1.4;
const FIRST = 3;
const SPREAD = 4; // zooms for which a name is of use

/** @param {import("./atlas.js").Sheet} sheet @param {[number, number, number, string][]} labels x, y of the world's square, zoom, name */
export function drawNames({ context, window: { west, north, east, south }, world, scale }, labels) {
  const zoom = Math.log2(world / 256 / scale);
  const style = getComputedStyle(document.documentElement);
  context.save();
  Object.assign(context, {
    font: `550 ${SIZE * scale}px ${getComputedStyle(document.body).fontFamily}`,
    textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 3 * scale,
    fillStyle: style.getPropertyValue("--name"), strokeStyle: style.getPropertyValue("--name-halo"),
  });
  /** @type {{x: number, y: number, half: number}[]} */
  const placed = [];
  for (const [column, row, from, name] of labels.toSorted((a, b) => a[2] - b[2])) {
    if (zoom < Math.max(FIRST, from) || zoom > from + SPREAD || row < north || row > south) continue;
    for (let turn = Math.floor(west); turn < east; turn++) {
      const label = { x: (column + turn - west) * world, y: (row - north) * world, half: context.measureText(name).width / 2 + 2 * scale };
      if (placed.some((other) => Math.abs(other.y - label.y) < SIZE * LEADING * scale && Math.abs(other.x - label.x) < other.half + label.half)) continue;
      placed.push(label);
      context.strokeText(name, label.x, label.y);
      context.fillText(name, label.x, label.y);
    }
  }
  context.restore();
}
