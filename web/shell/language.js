/** The language of the page: the link's, else the operator's, else the first of the browser's that is known. */
import { decodeHash } from "../lib/hash.js";
import { LANGUAGES, getLanguage, t } from "../lib/text.js";

/** @typedef {import("../lib/text.js").Language} Language */
/** @typedef {import("../lib/text.js").TextKey} TextKey */

/**
 * @param {Language | null} linked @param {Language | null} configured @param {readonly string[]} wanted of the browser
 * @returns {Language}
 */
export function chooseLanguage(linked, configured, wanted) {
  const known = wanted.map((tag) => LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language));
  return linked ?? configured ?? known.find(Boolean) ?? "en";
}

/** A link that is opened in the page may tell another language: then the page is drawn anew. */
export function followLanguage() {
  window.addEventListener("hashchange", () => {
    const { language } = decodeHash(location.hash);
    if (language && language !== getLanguage()) location.reload();
  });
}

/** The names of the parts that are in the page from the start. @type {Record<string, TextKey>} */
const NAMES = {
  progress: "shell.loading",
  panel: "shell.panel",
  tools: "shell.tools",
  map: "shell.map",
  analysis: "shell.analysis",
  timebar: "shell.timebar",
};

/** @param {Document} page */
export function nameParts(page) {
  page.documentElement.lang = getLanguage();
  for (const [id, key] of Object.entries(NAMES)) page.getElementById(id)?.setAttribute("aria-label", t(key));
}
