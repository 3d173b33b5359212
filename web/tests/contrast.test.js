/** Colours that are read: contrast by WCAG's definition, and what is made of an operator's accent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, legible, parseHex, textOn, toHex } from "../lib/contrast.js";

const WHITE = /** @type {[number, number, number]} */ ([255, 255, 255]);

test("contrast is 21 between black and white, 1 of a colour with itself, and known in between", () => {
  assert.equal(contrast([0, 0, 0], WHITE), 21);
  assert.equal(contrast([11, 114, 133], [11, 114, 133]), 1);
  assert.equal(contrast([0x77, 0x77, 0x77], WHITE).toFixed(2), "4.48");
});

test("hex colours of three and six digits are read, others are not", () => {
  assert.deepEqual(parseHex("#f80"), [255, 136, 0]);
  assert.deepEqual(parseHex("#0b7285"), [11, 114, 133]);
  for (const odd of ["red", "#12", "#12345g", "", "url(x)"]) assert.equal(parseHex(odd), null);
  assert.equal(toHex([11, 114, 133]), "#0b7285");
});

test("text on any colour has 4.5", () => {
  for (let r = 0; r < 256; r += 15) {
    for (let g = 0; g < 256; g += 15) {
      for (let b = 0; b < 256; b += 15) assert.ok(contrast([r, g, b], textOn([r, g, b])) >= 4.5);
    }
  }
});

test("an accent too pale for its ground is darkened until it is read, and one that is read stays", () => {
  const ground = parseHex("#f3f6f8") ?? WHITE;
  const pale = legible([255, 220, 60], ground);
  assert.ok(contrast(pale, ground) >= 4.5);
  assert.ok(pale[0] > pale[2], "it is still yellow");
  assert.deepEqual(legible([11, 114, 133], ground), [11, 114, 133]);
  const dark = parseHex("#202a34") ?? WHITE;
  assert.ok(contrast(legible([11, 30, 133], dark), dark) >= 4.5);
});
