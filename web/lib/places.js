/** Changes of the places, as patches of the state. Pure. */
import { freeId } from "./layers.js";
import { wrapLongitude } from "./number.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Place} Place */

/** Told apart in charts and on maps, for the colour-blind too. */
export const PALETTE = ["#d1495b", "#1f77b4", "#2a9d5c", "#e08e0b", "#7b4fa6", "#0b8a94", "#a0522d", "#5b6770"];

/** The first colour that no place has. @param {Place[]} places */
export function freeColour(places) {
  const used = new Set(places.map(({ color }) => color));
  return PALETTE.find((color) => !used.has(color)) ?? PALETTE[places.length % PALETTE.length];
}

/** @param {Pick<State, "places">} state @param {Omit<Place, "id" | "color"> & {color?: string}} place @returns {Pick<State, "places" | "place">} which is chosen */
export function addPlace({ places }, place) {
  const added = { color: freeColour(places), ...place, id: freeId(places) };
  return { places: [...places, added], place: added.id };
}

/**
 * What a click on the map or the globe chooses: the point that was so chosen before moves there, all other places stay.
 * @param {Pick<State, "places" | "place">} state @param {number} lon @param {number} lat
 * @returns {Pick<State, "places" | "place">}
 */
export function choosePoint({ places, place: chosen }, lon, lat) {
  const degrees = [wrapLongitude(lon), Math.max(-90, Math.min(90, lat))].map((value) => Number(value.toFixed(5)));
  const geometry = /** @type {import("geojson").Point} */ ({ type: "Point", coordinates: degrees });
  const isClicked = (/** @type {Place} */ { name, geometry: { type }, radius_m: radius }) => !name && type === "Point" && !radius;
  const before = places.find((place) => place.id === chosen && isClicked(place)) ?? places.find(isClicked);
  if (!before) return addPlace({ places }, { name: "", geometry });
  return { places: places.map((place) => (place === before ? { ...place, geometry } : place)), place: before.id };
}
