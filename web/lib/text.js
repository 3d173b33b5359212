/** The dictionary: all words of the viewer, in English and German, put together from web/text/. */
import access from "../text/access.js";
import analysis from "../text/analysis.js";
import colour from "../text/colour.js";
import compare from "../text/compare.js";
import cube from "../text/cube.js";
import data from "../text/data.js";
import exporting from "../text/export.js";
import globe from "../text/globe.js";
import map from "../text/map.js";
import section from "../text/section.js";
import shell from "../text/shell.js";
import time from "../text/time.js";

export const TEXTS = { ...access, ...analysis, ...colour, ...compare, ...cube, ...data, ...exporting, ...globe, ...map, ...section, ...shell, ...time };

/** @typedef {keyof typeof TEXTS} TextKey */
/** @typedef {"en" | "de"} Language */

/** @type {readonly Language[]} in the order of the dictionary's columns */
export const LANGUAGES = ["en", "de"];

/** @type {Language} */
let language = "en";

export function getLanguage() {
  return language;
}

/** Set once, before anything is drawn: a change of language loads the page anew. @param {Language} chosen */
export function setLanguage(chosen) {
  language = chosen;
}

/**
 * A text in the language of the page.
 * @param {TextKey} key
 * @param {Record<string, string | number>} [values] for the placeholders `{name}`
 */
export function t(key, values = {}) {
  return say(TEXTS[key], values);
}

/**
 * The same for words that come later, with the part that says them.
 * @param {readonly [string, string]} texts
 * @param {Record<string, string | number>} [values]
 */
export function say(texts, values = {}) {
  return texts[LANGUAGES.indexOf(language)].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
