/** A bar that says how long a round distance is on the map. Pure. */

const EQUATOR_M = 40_075_016.686; // of WGS 84, once round: the width of the world in Web Mercator
const STEPS = [5, 2, 1];

/**
 * Metres on the ground that a pixel is wide, in Web Mercator.
 * @param {number} lat degrees @param {number} world pixels once round the world
 */
export function metresPerPixel(lat, world) {
  return (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / world;
}

/**
 * The longest round distance, 1, 2 or 5 of a power of ten, that has room.
 * @param {number} metres a pixel @param {number} most pixels
 * @returns {{width: number, label: string}} pixels; `500 m`, `20 km`
 */
export function scaleBar(metres, most) {
  const room = metres * most;
  const power = 10 ** Math.floor(Math.log10(room));
  const length = power * (STEPS.find((step) => step * power <= room) ?? 1);
  const label = length >= 1000 ? `${length / 1000} km` : `${Number(length.toPrecision(1))} m`;
  return { width: length / metres, label };
}
