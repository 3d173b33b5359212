import assert from "node:assert/strict";
import { test } from "node:test";
import { addPlace, choosePoint, PALETTE } from "../lib/places.js";

const NONE = { places: [], place: null };
const AREA = { name: "Bay", geometry: /** @type {const} */ ({ type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }) };
/** @param {import("../types.js").Place} place */
const at = ({ geometry }) => (geometry.type === "Point" ? geometry.coordinates : null);

test("A click chooses a point, in the world's own longitudes.", () => {
  const { places, place } = choosePoint(NONE, 190.123456, 95);
  assert.deepEqual(places.map(at), [[-169.87654, 90]]);
  assert.equal(place, places[0].id);
});

test("The next click moves it, and leaves named places and areas alone.", () => {
  const first = choosePoint(/** @type {any} */ (addPlace(NONE, /** @type {any} */ (AREA))), 1, 2);
  const second = choosePoint(first, 3, 4);
  assert.deepEqual(second.places.map(({ name }) => name), ["Bay", ""]);
  assert.deepEqual(at(second.places[1]), [3, 4]);
  assert.equal(second.place, second.places[1].id);
});

test("Each place has a colour of its own.", () => {
  let state = /** @type {any} */ (NONE);
  for (let i = 0; i < PALETTE.length; i++) state = addPlace(state, /** @type {any} */ (AREA));
  assert.equal(new Set(state.places.map((/** @type {any} */ { color }) => color)).size, PALETTE.length);
});
