import assert from "node:assert/strict";
import { test } from "node:test";
import { fileName } from "../export/filename.js";
import { metresPerPixel, scaleBar } from "../export/scalebar.js";
import { evened, limitSide, lookAhead, signScale, strideFor, thinned } from "../export/size.js";
import { tilesOf, wholePixels } from "../export/tiling.js";

test("Files are named for dataset, variable and time.", () => {
  assert.equal(fileName(["ocean", "sst", "2021-03-30T00:00:00Z"], "png"), "ocean_sst_2021-03-30.png");
  assert.equal(fileName(["model", "t", "2024-01-14T06:00:00Z", "2024-01-15T00:00:00Z"], "gif"), "model_t_2024-01-14T0600_2024-01-15.gif");
  assert.equal(fileName(["s2", "(b08-b04)/(b08+b04)", null], "png"), "s2_b08-b04-b08-b04.png");
  assert.equal(fileName(["../../etc", null], "png"), "etc.png");
  assert.equal(fileName([null], "png"), "map.png");
});

test("A scale bar is the longest round distance that has room.", () => {
  const equator = metresPerPixel(0, 256);
  assert.ok(Math.abs(equator - 156543.03) < 0.01);
  assert.ok(Math.abs(metresPerPixel(60, 256) - equator / 2) < 0.01);
  assert.deepEqual(scaleBar(1000, 160), { width: 100, label: "100 km" });
  assert.deepEqual(scaleBar(10, 60), { width: 50, label: "500 m" });
  assert.equal(scaleBar(0.01, 100).label, "1 m");
  assert.equal(scaleBar(0.004, 100).label, "0.2 m");
});

test("Sides are within what can be made, and even for videos.", () => {
  assert.deepEqual([10, 1000.4, 9999, NaN].map(limitSide), [64, 1000, 4096, 64]);
  assert.deepEqual(evened({ width: 1281, height: 801 }), { width: 1280, height: 800 });
});

test("Letters grow with the picture.", () => {
  assert.equal(signScale({ width: 1280, height: 800 }), 1);
  assert.equal(signScale({ width: 2560, height: 1600 }), 2);
});

test("A look ahead has the picture's shape, and no more pixels than the screen.", () => {
  const { width, height } = lookAhead({ width: 4096, height: 2048 }, { width: 1000, height: 500 });
  assert.deepEqual([width, height], [1000, 500]);
  assert.deepEqual(lookAhead({ width: 300, height: 200 }, { width: 1000, height: 500 }), { width: 300, height: 200 });
});

test("Every nth step is filmed, from the first on.", () => {
  assert.deepEqual(thinned(["a", "b", "c", "d", "e"], 2), ["a", "c", "e"]);
  assert.equal(strideFor(12, 200), 1);
  assert.equal(strideFor(1001, 200), 6);
});

test("Tiles cover a picture across the world's edge, without seams.", () => {
  const tiles = [...tilesOf({ west: -0.1, north: 0.2, east: 0.6, south: 0.7 }, 4)];
  assert.deepEqual(tiles.map(({ x }) => x), [-1, 0, 1, 2, -1, 0, 1, 2, -1, 0, 1, 2]);
  assert.deepEqual(new Set(tiles.map(({ y }) => y)), new Set([0, 1, 2]));
  const [one, next] = [wholePixels(0.4, 0, 100.3), wholePixels(100.7, 0, 100.3)];
  assert.equal(one[0] + one[2], next[0]);
});
