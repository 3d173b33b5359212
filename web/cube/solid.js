/** Where the faces of a cut cube are, and how dragging one moves it. Pure. */

/** @typedef {import("./block.js").FaceName} FaceName */
/** @typedef {import("./block.js").Cut} Cut */
/** @typedef {{width: number, height: number, depth: number}} Size pixels */

/** @type {FaceName[]} */
export const FACES = ["front", "back", "right", "left", "top", "bottom"];

/** Which of the cut's numbers a face's drag changes, and which way is outward. @type {Record<FaceName, [0 | 1 | 2, 1 | -1] | null>} */
export const AXES = { front: [0, 1], back: null, right: [2, 1], left: null, top: [1, -1], bottom: null };

/**
 * A face's size and its transform, from the cube's middle.
 * @param {FaceName} name @param {Size} size @param {Cut} cut shares that are left, as drawn: of whole cells
 */
export function faceBox(name, { width, height, depth }, [time, y, x]) {
  const [wide, high, deep] = [width * x, height * (1 - y), depth * time];
  const [left, top, back] = [-width / 2, -height / 2 + height * y, -depth / 2];
  const move = (/** @type {number} */ dx, /** @type {number} */ dy, /** @type {number} */ dz, turn = "") =>
    `translate3d(${dx.toFixed(2)}px, ${dy.toFixed(2)}px, ${dz.toFixed(2)}px)${turn}`;
  return {
    front: { width: wide, height: high, transform: move(left, top, back + deep) },
    back: { width: wide, height: high, transform: move(left, top, back) },
    right: { width: deep, height: high, transform: move(left + wide, top, back, " rotateY(-90deg)") },
    left: { width: deep, height: high, transform: move(left, top, back, " rotateY(-90deg)") },
    top: { width: wide, height: deep, transform: move(left, top, back, " rotateX(90deg)") },
    bottom: { width: wide, height: deep, transform: move(left, height / 2, back, " rotateX(90deg)") },
  }[name];
}

/**
 * Where on the window a face's outward direction points, for one pixel of it.
 * @param {FaceName} name @param {number} pitch @param {number} yaw degrees, as CSS turns
 * @returns {[number, number]}
 */
export function outward(name, pitch, yaw) {
  const [a, b] = [pitch, yaw].map((degrees) => (degrees * Math.PI) / 180);
  /** @type {[number, number, number]} */
  const normal = name === "front" ? [0, 0, 1] : name === "right" ? [1, 0, 0] : [0, -1, 0];
  // rotateX(pitch) after rotateY(yaw)
  const x = normal[0] * Math.cos(b) + normal[2] * Math.sin(b);
  const z = -normal[0] * Math.sin(b) + normal[2] * Math.cos(b);
  return [x, normal[1] * Math.cos(a) - z * Math.sin(a)];
}

/**
 * The cut after a face was dragged by pixels; where it looks straight at us, down is inward.
 * @param {Cut} cut @param {FaceName} name @param {[number, number]} by @param {Size} size @param {{pitch: number, yaw: number}} turn
 * @returns {Cut}
 */
export function dragFace(cut, name, by, { width, height, depth }, { pitch, yaw }) {
  const axis = AXES[name];
  if (!axis) return cut;
  const [which, sign] = axis;
  const [x, y] = outward(name, pitch, yaw);
  const length = Math.hypot(x, y);
  const pixels = length < 0.2 ? -by[1] : (by[0] * x + by[1] * y) / (length * length);
  const change = (sign * pixels) / [depth, height, width][which];
  const next = /** @type {Cut} */ ([...cut]);
  next[which] = Math.min(1, Math.max(0, next[which] + change));
  return next;
}

/** How near the eye is, pixels: as the style sheet says. */
export const PERSPECTIVE = 1600;

/**
 * Where a point of the cube is seen, from its middle.
 * @param {[number, number, number]} point @param {{pitch: number, yaw: number}} turn
 * @returns {[number, number]}
 */
export function project([x, y, z], { pitch, yaw }) {
  const [a, b] = [pitch, yaw].map((degrees) => (degrees * Math.PI) / 180);
  const [across, deep] = [x * Math.cos(b) + z * Math.sin(b), z * Math.cos(b) - x * Math.sin(b)];
  const near = PERSPECTIVE / (PERSPECTIVE - (y * Math.sin(a) + deep * Math.cos(a)));
  return [across * near, (y * Math.cos(a) - deep * Math.sin(a)) * near];
}

/** What a cube of these sides takes of the window when it is so turned. @param {Size} size @param {{pitch: number, yaw: number}} turn */
export function extentOf({ width, height, depth }, turn) {
  const corners = [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) =>
    project([(x * width) / 2, (y * height) / 2, (z * depth) / 2], turn))));
  const span = (/** @type {number[]} */ values) => Math.max(...values) - Math.min(...values);
  return { width: span(corners.map(([x]) => x)), height: span(corners.map(([, y]) => y)) };
}
