/** Packed lines of the basemap, as paths of a canvas. */

/**
 * Lines that touch the view, as one path in pixels of the view. A packed line is flat integer
 * differences [x0, y0, dx, dy, ...]; `scale` is pixels per unit, (x, y) the view's corner in pixels.
 * @param {number[][]} lines
 * @param {{scale: number, x: number, y: number, size: number}} view
 * @param {boolean} close
 * @param {number | null} [extent] of the world, along whose edge nothing is drawn
 */
export function linePath(lines, view, close, extent = null) {
  const path = new Path2D();
  for (const line of lines) {
    if (!touches(boxOf(line), view)) continue;
    let [x, y] = [line[0], line[1]];
    path.moveTo(x * view.scale - view.x, y * view.scale - view.y);
    for (let i = 2; i < line.length; i += 2) {
      const isEdge = runsAlong(x, line[i], extent) || runsAlong(y, line[i + 1], extent);
      x += line[i];
      y += line[i + 1];
      path[isEdge ? "moveTo" : "lineTo"](x * view.scale - view.x, y * view.scale - view.y);
    }
    if (close) path.closePath();
  }
  return path;
}

/** Whether a step goes along one of the world's two edges across an axis. @param {number} at @param {number} step @param {number | null} extent */
function runsAlong(at, step, extent) {
  return extent !== null && step === 0 && (at <= 0 || at >= extent);
}

/** @type {WeakMap<number[], number[]>} */
const boxes = new WeakMap();

/** West, north, east, south of a packed line in its units; kept, since it is asked for by every tile. @param {number[]} line */
export function boxOf(line) {
  const known = boxes.get(line);
  if (known) return known;
  let [x, y] = [line[0], line[1]];
  const box = [x, y, x, y];
  for (let i = 2; i < line.length; i += 2) {
    x += line[i];
    y += line[i + 1];
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  boxes.set(line, box);
  return box;
}

/**
 * @param {number[]} box in units
 * @param {{scale: number, x: number, y: number, size: number}} view
 */
export function touches([west, north, east, south], { scale, x, y, size }) {
  const slack = 4; // pixels: half of the thickest stroke, and more
  return (
    east * scale >= x - slack && west * scale <= x + size + slack &&
    south * scale >= y - slack && north * scale <= y + size + slack
  );
}
