/** Names of files that tell what is in them. Pure. */

/**
 * `ocean_sst_2021-03-30.png`, `ocean_sst_2021-03-30_2021-12-19.gif`.
 * @param {(string | null | undefined)[]} parts of dataset, variable, times
 * @param {string} extension
 */
export function fileName(parts, extension) {
  const words = parts.filter((part) => part).map((part) => clean(shortTime(String(part))));
  return `${words.filter(Boolean).join("_") || "map"}.${extension}`;
}

/** A moment without what is zero at its end. @param {string} text */
function shortTime(text) {
  const match = /^(-?\d{4,6}-\d\d-\d\d)T(\d\d):(\d\d)/.exec(text);
  if (!match) return text;
  const [, day, hour, minute] = match;
  return hour === "00" && minute === "00" ? day : `${day}T${hour}${minute}`;
}

/** Only signs that every file system takes. @param {string} text */
function clean(text) {
  return text.replace(/[^\p{L}\p{N}.-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 60);
}
