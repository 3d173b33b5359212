/** Completing names in expressions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { completed, completions, quoted, wordAt } from "../data/completion.js";

const VARIABLES = [
  { id: "b04", title: "Red", kind: "variable" },
  { id: "b08", title: "Near infrared", kind: "variable" },
  { id: "t 2m", title: "Air", kind: "variable" },
  { id: "true_color", title: "True colour", kind: "composite" },
];

test("The word at the caret is found, in the middle of an expression too.", () => {
  assert.deepEqual(wordAt("(b08 - b0", 9), { start: 7, end: 9, text: "b0" });
  assert.deepEqual(wordAt("b08+1", 2), { start: 0, end: 3, text: "b0" });
  assert.equal(wordAt("b08 - ", 6), null);
  assert.equal(wordAt("12", 2), null);
});

test("Variables are offered by id and title, pictures are not, functions by their beginning.", () => {
  assert.deepEqual(completions("b0", VARIABLES).map(({ insert }) => insert), ["b04", "b08"]);
  assert.deepEqual(completions("infra", VARIABLES).map(({ insert }) => insert), ["b08"]);
  assert.deepEqual(completions("whe", VARIABLES).map(({ insert }) => insert), ["where("]);
  assert.deepEqual(completions("b04", VARIABLES), [], "what is written out is no offer");
});

test("A name with other signs is put between backticks.", () => {
  assert.equal(quoted("t 2m"), "`t 2m`");
  assert.equal(quoted("b08"), "b08");
  assert.deepEqual(completed("1 + ai * 2", { start: 4, end: 6, text: "ai" }, "`t 2m`"), { text: "1 + `t 2m` * 2", caret: 10 });
});
