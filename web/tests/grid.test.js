import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, nativeZoom, placesOf, tileAt, tilesIn, tileZoom, windowOf } from "../map/grid.js";
import { detail } from "./example.js";

const WORLD = { west: 0, north: 0, east: 1, south: 1 };
const names = (/** @type {import("../map/grid.js").TileName[]} */ tiles) => tiles.map(nameOf).sort();

test("a window twice as wide as the world asks for each tile once", () => {
  assert.deepEqual(names(tilesIn({ ...WORLD, west: -0.5, east: 1.5 }, 1, null)), ["1/0/0", "1/0/1", "1/1/0", "1/1/1"]);
});

test("beyond the poles there are no tiles", () => {
  assert.deepEqual(names(tilesIn({ west: 0, north: -1, east: 0.5, south: 2 }, 1, null)), ["1/0/0", "1/0/1"]);
});

test("the tiles nearest to the middle come first", () => {
  assert.equal(nameOf(tilesIn({ west: 0.4, north: 0.4, east: 0.7, south: 0.7 }, 3, null)[0]), "3/4/4");
});

test("tiles that the data do not touch are not asked for, across 180° too", () => {
  assert.deepEqual(names(tilesIn(WORLD, 2, [10, 10, 80, 60])), ["2/2/1"]);
  assert.deepEqual(names(tilesIn(WORLD, 2, [170, -10, -170, 10])), ["2/0/1", "2/0/2", "2/3/1", "2/3/2"]);
  assert.deepEqual(names(tilesIn(WORLD, 2, [100, 10, 260, 60])), ["2/0/1", "2/3/1"]);
});

test("the finest tiles have cells of sixteen pixels or more", () => {
  /** @type {any} */
  const quarter = { ...detail, bbox: [-180, -90, 180, 90], levels: [{ shape: [720, 1440], resolution: [0.25, 0.25] }] };
  const native = /** @type {number} */ (nativeZoom(quarter));
  assert.ok(native > 2 && native < 3);
  assert.equal(tileZoom(18, quarter), 7);
  assert.equal(tileZoom(2.4, quarter), 2);
  assert.equal(tileZoom(18, { ...quarter, levels: [] }), 18);
});

test("neighbours share their sides in pixels, between whole zooms too", () => {
  const world = 256 * 2 ** 2.37;
  const [[, , right]] = placesOf({ z: 3, x: 2, y: 2 }, WORLD, world);
  const [[left]] = placesOf({ z: 3, x: 3, y: 2 }, WORLD, world);
  assert.equal(right, left);
});

test("a tile is drawn in every world that is seen, and in none where it is not", () => {
  const twice = { ...WORLD, west: -1, east: 1 };
  assert.deepEqual(placesOf({ z: 1, x: 0, y: 0 }, twice, 512).map(([left]) => left), [0, 512]);
  assert.deepEqual(placesOf({ z: 1, x: 0, y: 0 }, { west: 0.5, north: 0.5, east: 1, south: 1 }, 512), []);
});

test("a place lies in one tile, whichever world it is told in", () => {
  for (const lon of [-170, 190]) {
    const { name, across, down } = tileAt(1, lon, 0);
    assert.equal(name, "1/0/1");
    assert.ok(Math.abs(across - 1 / 18) < 1e-9 && down < 1e-9);
  }
  assert.equal(tileAt(2, 0, 90).name, "2/2/0");
  assert.equal(tileAt(2, 0, -90).name, "2/2/3");
});

test("a window is told in worlds", () => {
  assert.deepEqual(windowOf({ x: 256, y: 0 }, { x: 512, y: 256 }, 1), { west: 0.5, north: 0, east: 1.5, south: 0.5 });
});
