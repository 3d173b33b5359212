/** What the page decides before anything is drawn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { embedOptions } from "../shell/embed.js";
import { chooseLanguage } from "../shell/language.js";

test("the language is the link's, else the operator's, else the browser's first that is known", () => {
  assert.equal(chooseLanguage("de", "en", ["en"]), "de");
  assert.equal(chooseLanguage(null, "de", ["en-GB"]), "de");
  assert.equal(chooseLanguage(null, null, ["fr", "de-AT", "en"]), "de");
  assert.equal(chooseLanguage(null, null, ["fr"]), "en");
});

test("a page is embedded where its address says so, with the parts that are asked for", () => {
  assert.equal(embedOptions(""), null);
  assert.equal(embedOptions("?embed=0"), null);
  assert.deepEqual(embedOptions("?embed=1"), { panel: true, timebar: true, tools: false, analysis: false, link: true });
  assert.deepEqual(embedOptions("?embed=1&panel=0&tools=1"), { panel: false, timebar: true, tools: true, analysis: false, link: true });
});
