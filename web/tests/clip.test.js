import assert from "node:assert/strict";
import { test } from "node:test";
import { clipLine, clipRing } from "../scripts/clip.js";

/** @type {import("../scripts/clip.js").Point[]} */
const SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]];

test("A ring within the limits stays as it is.", () => {
  assert.deepEqual(clipRing(SQUARE, 0, -1, 5), SQUARE);
});

test("A ring is cut at both limits, and closed.", () => {
  const ring = clipRing(SQUARE, 0, 1, 3);
  assert.deepEqual(ring[0], ring.at(-1));
  assert.deepEqual(new Set(ring.map(([x]) => x)), new Set([1, 3]));
});

test("A ring beyond the limits is gone.", () => {
  assert.deepEqual(clipRing(SQUARE, 1, 5, 6), []);
});

test("A line that leaves and returns is two lines.", () => {
  assert.deepEqual(clipLine([[0, 0], [4, 0], [4, 1], [0, 1]], 0, -1, 2), [[[0, 0], [2, 0]], [[2, 1], [0, 1]]]);
});
