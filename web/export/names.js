/** Names of countries on a picture, as on the map: each from the zoom at which it has room. */

const SIZE = 11;
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
  for (const [x, y, from, name] of labels) {
    if (zoom < Math.max(3, from) || zoom > from + SPREAD || y < north || y > south) continue;
    for (let turn = Math.floor(west); turn < east; turn++) {
      const at = /** @type {const} */ ([(x + turn - west) * world, (y - north) * world]);
      context.strokeText(name, ...at);
      context.fillText(name, ...at);
    }
  }
  context.restore();
}
