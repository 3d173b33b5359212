import assert from "node:assert/strict";
import { test } from "node:test";
import { heightAt, heightmap, mostLevel, terrainChoices } from "../globe/heights.js";
import { boxOfTile, cellsOf, overlaps, tileAt, unpack } from "../globe/plate.js";
import { cameraOfBox, cameraOfView, moveView, viewOfCamera, wholeHeight } from "../globe/view.js";

const SIZE = { width: 1280, height: 800 };
/** @typedef {import("../types.js").Box} Box */

test("The camera above the map's view shows that view again.", () => {
  for (const view of [{ lat: 47.2, lon: 11.4, zoom: 9 }, { lat: -60, lon: -170, zoom: 5 }]) {
    assert.deepEqual(viewOfCamera(cameraOfView(view, SIZE), SIZE), view);
  }
});

test("A view moved by pixels, and back, is the same.", () => {
  const view = { lat: 47.2, lon: 179, zoom: 5 };
  const moved = moveView(view, 256, -100);
  assert.ok(moved.lat > view.lat && Math.abs(moved.lon - (179 + 360 / 32 - 360)) < 1e-3);
  const back = moveView(moved, -256, 100);
  assert.ok(Math.abs(back.lat - view.lat) < 1e-3 && Math.abs(back.lon - view.lon) < 1e-3);
});

test("A view of the whole map is one of the whole globe, and no farther.", () => {
  assert.equal(cameraOfView({ lat: 0, lon: 0, zoom: 1 }, SIZE)[2], wholeHeight(SIZE));
});

test("The whole globe fills most of the shorter side.", () => {
  const half = Math.asin(6378137 / (6378137 + wholeHeight(SIZE)));
  const seen = Math.tan(half) / (Math.tan(Math.PI / 6) * (800 / 1280));
  assert.ok(seen > 0.88 && seen < 0.96, String(seen));
});

test("What goes round a pole is seen from above it.", () => {
  assert.deepEqual(cameraOfBox([-180, 58, 180, 90], SIZE).slice(0, 2), [0, 90]);
  assert.deepEqual(cameraOfBox([-180, -90, 180, -50], SIZE).slice(0, 2), [0, -90]);
  assert.ok(cameraOfBox([-180, 58, 180, 90], SIZE)[2] < wholeHeight(SIZE));
});

test("A region across 180° is seen from its middle.", () => {
  const [lon, lat] = cameraOfBox([170, -20, -170, 0], SIZE);
  assert.deepEqual([Math.abs(lon), lat], [180, -10]);
});

test("A region is fitted into what no panel covers: here the right half.", () => {
  const half = { left: 640, top: 0, right: 0, bottom: 0 };
  const [lon, lat, height] = cameraOfBox([10, -1, 12, 1], SIZE, half);
  const [, , free] = cameraOfBox([10, -1, 12, 1], SIZE);
  assert.ok(lon < 10 && lat === 0 && height > free);
});

test("A place lies in the tile whose box holds it.", () => {
  for (const [lon, lat] of [[11.4, 47.3], [-180, 90], [180, -90], [0, 0]]) {
    const tile = tileAt(5, lon, lat);
    const [west, south, east, north] = boxOfTile(tile);
    assert.ok(west <= lon && lon <= east && south <= lat && lat <= north);
    assert.ok(Math.abs(west + tile.u * (east - west) - lon) < 1e-9);
    assert.ok(Math.abs(north - tile.v * (north - south) - lat) < 1e-9);
  }
});

test("Packed lines of Web Mercator come out in degrees.", () => {
  const { points, box } = unpack([0, 0, 512, 512, 256, 0], 1024, { x: 0, y: 0, size: 1 });
  assert.deepEqual([...points.subarray(2)], [0, 0, 90, 0]);
  assert.ok(Math.abs(box[3] - 85.0511) < 1e-3);
});

test("A tile touches the cells that its corners lie in.", () => {
  const names = cellsOf({ z: 3, x: 8, y: 3 }, 4).map(({ name }) => name);
  assert.deepEqual(names, ["4-8-6", "4-8-7"]);
});

test("Boxes overlap across 180° too.", () => {
  const pacific = /** @type {Box} */ ([170, -20, -170, 20]);
  assert.ok(overlaps([-180, -10, -175, 10], pacific));
  assert.ok(overlaps([175, -10, 180, 10], pacific));
  assert.ok(!overlaps([-90, -10, 90, 10], pacific));
});

test("Heights lie between those of pixels, and reach the tile's edge.", () => {
  const read = (/** @type {number} */ col, /** @type {number} */ row) => (col === 0 && row === 0 ? null : col * 10);
  assert.equal(heightAt(read, 4, 0.5, 0.9), 15);
  assert.equal(heightAt(read, 4, 1, 1), 30);
  assert.equal(heightAt(read, 4, 0, 0), 0);
  assert.deepEqual([...heightmap(read, 4, 2)], [0, 30, 0, 30]);
});

test("What is in metres may be ground.", () => {
  /** @type {any} */
  const details = { a: { id: "a", title: "A", variables: [{ id: "dem", kind: "variable", units: "m" }, { id: "t", kind: "variable", units: "K" }] } };
  assert.deepEqual(terrainChoices(details), [{ dataset: "a", variable: "dem", title: "dem · A" }]);
});

test("Tiles go one level beyond the cells of the data.", () => {
  assert.equal(mostLevel({ bbox: [-180, -90, 180, 90], levels: [{ shape: [720, 1440], resolution: [0.25, 0.25] }] }), 3);
});
