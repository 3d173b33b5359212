/** The box round a chosen area. Pure. */

/**
 * @param {Pick<import("../types.js").State, "places" | "place">} state
 * @returns {import("../types.js").Box | null} null where no area is chosen
 */
export function areaOf({ places, place: chosen }) {
  const place = places.find(({ id }) => id === chosen);
  if (!place || !/Polygon$/.test(place.geometry.type)) return null;
  const flat = /** @type {number[]} */ (/** @type {any} */ (place.geometry.coordinates).flat(Infinity));
  const [lons, lats] = [flat.filter((_, i) => i % 2 === 0), flat.filter((_, i) => i % 2 === 1)];
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
