import assert from "node:assert/strict";
import { test } from "node:test";
import { boxOf, touches } from "../lib/outline.js";

test("The box of a packed line is of its points, not of its differences.", () => {
  assert.deepEqual(boxOf([10, 20, 5, -5, -10, 0]), [5, 15, 15, 20]);
});

test("A line touches a view where its box does, in pixels.", () => {
  const view = { scale: 2, x: 100, y: 100, size: 50 };
  assert.equal(touches([60, 60, 70, 70], view), true);
  assert.equal(touches([80, 60, 90, 70], view), false);
});
