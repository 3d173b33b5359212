import assert from "node:assert/strict";
import { test } from "node:test";
import { closerSpan, followed } from "../time/zoom.js";

const WHOLE = { from: 0, to: 1000 };

test("A closer look keeps the place that is pointed at, within the whole.", () => {
  assert.deepEqual(closerSpan(WHOLE, WHOLE, 0.5, 0.5, 0), { from: 250, to: 750 });
  assert.deepEqual(closerSpan(WHOLE, { from: 0, to: 500 }, 1, 0.5, -1), { from: 0, to: 500 });
  assert.deepEqual(closerSpan(WHOLE, { from: 600, to: 800 }, 2, 1, 0), { from: 400, to: 800 });
});

test("Far enough away all is seen.", () => {
  assert.equal(closerSpan(WHOLE, { from: 400, to: 600 }, Infinity, 0.3, 0), null);
  assert.equal(closerSpan(WHOLE, { from: 100, to: 900 }, 2, 0.3, 0), null);
});

test("What is looked at goes along with the moment shown.", () => {
  assert.deepEqual(followed({ from: 100, to: 200 }, 150), { from: 100, to: 200 });
  assert.deepEqual(followed({ from: 100, to: 200 }, 250), { from: 240, to: 340 });
  assert.deepEqual(followed({ from: 100, to: 200 }, 50), { from: -40, to: 60 });
});
