/** The coarse basemap: lines with fewer points, none of them far from where it was. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { simplify } from "../scripts/simplify.js";

/** @typedef {import("../scripts/clip.js").Point} Point */

test("what is straight loses its points, corners stay", () => {
  const line = /** @type {Point[]} */ ([[0, 0], [1, 0.01], [2, 0], [2, 2], [2.01, 3], [2, 4]]);
  assert.deepEqual(simplify(line, 0.1), [[0, 0], [2, 0], [2, 4]]);
});

test("a ring stays a ring", () => {
  const ring = /** @type {Point[]} */ (Array.from({ length: 361 }, (_, i) => [Math.cos((i * Math.PI) / 180), Math.sin((i * Math.PI) / 180)]));
  ring[360] = ring[0];
  const simple = simplify(ring, 0.01);
  assert.deepEqual(simple[0], simple.at(-1));
  assert.ok(simple.length > 12 && simple.length < 60);
});
