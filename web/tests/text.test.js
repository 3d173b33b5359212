import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { TEXTS, setLanguage, t } from "../lib/text.js";
import STATUS from "../text/status.js";

const WEB = new URL("../", import.meta.url);
const entries = /** @type {[string, readonly string[]][]} */ (Object.entries(TEXTS));
const PARTS = ["access", "analysis", "colour", "compare", "cube", "data", "export", "globe", "map", "section", "shell", "time"];

test("every text is there in English and German, with the same placeholders", () => {
  const holes = (/** @type {string} */ text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [key, texts] of entries) {
    assert.equal(texts.length, 2, key);
    assert.ok(texts.every((text) => text.trim()), key);
    assert.deepEqual(holes(texts[1]), holes(texts[0]), key);
  }
});

test("no key is written twice, in one part or in two", () => {
  const keys = PARTS.flatMap((part) => [...readFileSync(new URL(`text/${part}.js`, WEB), "utf8").matchAll(/^ {2}"([\w.]+)":/gm)].map(([, key]) => key));
  assert.deepEqual(keys.length, entries.length);
});

test("every text is used", () => {
  const files = ["", ...PARTS.map((part) => `${part}/`), "lib/", "tile/"].flatMap((folder) =>
    readdirSync(new URL(folder || ".", WEB)).filter((name) => name.endsWith(".js")).map((name) => folder + name));
  const source = files.map((name) => readFileSync(new URL(name, WEB), "utf8")).join("\n");
  const unused = entries.map(([key]) => key).filter((key) => !source.includes(`"${key}"`) && !isBuilt(key, source));
  assert.deepEqual(unused, []);
});

/** A key put together: `time.${unit}`. @param {string} key @param {string} source */
function isBuilt(key, source) {
  return source.includes(`\`${key.slice(0, key.lastIndexOf(".") + 1)}\${`);
}

test("the words of the status window are there in both, and used", () => {
  const folder = new URL("status/", WEB);
  const source = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  for (const [key, texts] of Object.entries(STATUS)) {
    const holes = texts.map((text) => (text.match(/\{\w+\}/g) ?? []).sort());
    assert.ok(texts.length === 2 && texts.every((text) => text.trim()), key);
    assert.deepEqual(holes[1], holes[0], key);
    assert.ok(source.includes(`"${key}"`) || isBuilt(key, source), `${key} is not used`);
  }
});

test("placeholders are filled", () => {
  setLanguage("de");
  assert.ok(entries.every(([key, texts]) => t(/** @type {never} */ (key)) === texts[1]));
  setLanguage("en");
});
