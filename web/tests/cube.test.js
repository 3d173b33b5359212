import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsLeft, clip, cutAtStep, emptyBlock, faceOf, fillStep, placeOf, sizeOf } from "../cube/block.js";
import { dragFace, extentOf, faceBox, outward, project } from "../cube/solid.js";

/** Values that tell their own place: step, row, column. */
const block = emptyBlock({ bbox: [10, 0, 40, 20], shape: [4, 2, 3], times: ["a", "b", "c", "d"], units: null });
for (let step = 0; step < 4; step++) fillStep(block, step, [0, 1].map((row) => [0, 1, 2].map((col) => 100 * step + 10 * row + col)));
/** @typedef {import("../cube/block.js").Cut} Cut */
const WHOLE = /** @type {Cut} */ ([1, 0, 1]);
/** @param {import("../cube/block.js").Slice} slice */
const rows = ({ width, height, at }) => Array.from({ length: height }, (_, row) => Array.from({ length: width }, (_v, col) => at(col, row)));

test("The front is the map of the last step, the back that of the first.", () => {
  assert.deepEqual(rows(faceOf(block, WHOLE, "front")), [[300, 301, 302], [310, 311, 312]]);
  assert.deepEqual(rows(faceOf(block, WHOLE, "back"))[0], [0, 1, 2]);
});

test("The right is the easternmost column through time, the top the northernmost row.", () => {
  assert.deepEqual(rows(faceOf(block, WHOLE, "right")), [[2, 102, 202, 302], [12, 112, 212, 312]]);
  assert.deepEqual(rows(faceOf(block, WHOLE, "top")), [[0, 1, 2], [100, 101, 102], [200, 201, 202], [300, 301, 302]]);
});

test("A cut shows what lies inside.", () => {
  const cut = /** @type {Cut} */ ([0.5, 0.5, 1 / 3]);
  assert.deepEqual(cellsLeft(block, cut), { steps: 2, top: 1, width: 1 });
  assert.deepEqual(rows(faceOf(block, cut, "front")), [[110]]);
  assert.deepEqual(rows(faceOf(block, cut, "right")), [[10, 110]]);
  assert.deepEqual(rows(faceOf(block, cut, "top")), [[10], [110]]);
});

test("A cell is found again in space and time.", () => {
  assert.deepEqual(placeOf(block, WHOLE, "front", 1, 0), { step: 3, lat: 15, lon: 25 });
  assert.deepEqual(placeOf(block, WHOLE, "right", 2, 1), { step: 2, lat: 5, lon: 35 });
  assert.deepEqual(placeOf(block, WHOLE, "top", 0, 1), { step: 1, lat: 15, lon: 15 });
});

test("A step comes to the front.", () => {
  for (const step of [0, 1, 2, 3]) assert.equal(cellsLeft(block, cutAtStep(WHOLE, step, 4)).steps, step + 1);
});

test("Cells are about square, and of bounded number.", () => {
  assert.deepEqual(sizeOf([0, -10, 20, 10], 12), { width: 128, height: 128 });
  const world = sizeOf([-180, -90, 180, 90], 1000);
  assert.ok(world.width > 1.8 * world.height && 96 * world.width * world.height < 1.02e6);
});

test("What is asked for is the part that has data.", () => {
  assert.deepEqual(clip([0, 0, 40, 40], [10, -10, 20, 20]), [10, 0, 20, 20]);
  assert.deepEqual(clip([170, 0, -170, 10], [-180, -90, 180, 90]), [170, 0, 180, 10]);
  assert.deepEqual(clip([170, 0, -170, 10], [0, -90, 360, 90]), [170, 0, -170, 10]);
});

test("A drag along a face's outward direction moves it by as much.", () => {
  const [turn, size] = [{ pitch: -25, yaw: -35 }, { width: 300, height: 200, depth: 100 }];
  const [x, y] = outward("right", turn.pitch, turn.yaw);
  const [, , east] = dragFace([1, 0, 0.5], "right", [30 * x, 30 * y], size, turn);
  assert.ok(Math.abs(east - 0.6) < 1e-9);
  assert.deepEqual(dragFace(WHOLE, "right", [500 * x, 500 * y], size, turn), WHOLE);
  const [, up] = outward("top", turn.pitch, turn.yaw);
  assert.ok(up < 0);
  assert.ok(dragFace(WHOLE, "top", [0, 50], size, turn)[1] > 0.2);
});

test("A corner is seen where CSS draws it, and the extent holds all corners.", () => {
  assert.deepEqual(project([10, 20, 0], { pitch: 0, yaw: 0 }), [10, 20]);
  const [x, y] = project([0, 0, 100], { pitch: -90, yaw: 0 });
  assert.ok(Math.abs(x) < 1e-9 && Math.abs(y - 100) < 1e-9);
  const seen = extentOf({ width: 100, height: 50, depth: 10 }, { pitch: 0, yaw: 0 });
  assert.ok(seen.width > 100 && seen.width < 101 && seen.height > 50);
});

test("A cut cube is smaller by what was cut off.", () => {
  const { width, height } = faceBox("front", { width: 300, height: 200, depth: 100 }, [0.5, 0.25, 0.5]);
  assert.deepEqual([width, height], [150, 150]);
});
