/** Moments of the reader's own clock, unlike the times of data. */
import { getLanguage } from "./text.js";

const LOCALES = { en: "en-GB", de: "de-DE" };

/** `23 Nov 2026, 12:15`, `23.11.2026, 12:15`. @param {string | Date} moment */
export function formatMoment(moment) {
  return new Date(moment).toLocaleString(LOCALES[getLanguage()], { dateStyle: "medium", timeStyle: "short" });
}
