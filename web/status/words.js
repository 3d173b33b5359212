/** The words of the status window, which come with it. */
import { say } from "../lib/text.js";
import WORDS from "../text/status.js";

/** @typedef {keyof typeof WORDS} WordKey */

/** What the server calls something, if there is a word for it. @param {string} key @param {string} otherwise */
export const known = (key, otherwise) => (Object.hasOwn(WORDS, key) ? say(WORDS[/** @type {WordKey} */ (key)]) : otherwise);

/** @param {WordKey} key @param {Record<string, string | number>} [values] for the placeholders `{name}` */
export const w = (key, values) => say(WORDS[key], values);
