/** Completing names in an expression as it is typed. Pure. */

/** @typedef {{start: number, end: number, text: string}} Word */

const FUNCTIONS = ["abs", "bit", "ceil", "clip", "exp", "floor", "isnan", "log", "log10", "max", "min", "round", "sqrt", "where"];

/**
 * The word that the caret is at the end of, or in.
 * @param {string} text @param {number} caret
 * @returns {Word | null}
 */
export function wordAt(text, caret) {
  const before = /(?:`[^`]*|[\p{L}_][\p{L}\p{N}_.]*)$/u.exec(text.slice(0, caret));
  if (!before) return null;
  const after = /^[\p{L}\p{N}_.]*/u.exec(text.slice(caret))?.[0] ?? "";
  return { start: caret - before[0].length, end: caret + after.length, text: before[0].replace("`", "") };
}

/**
 * What a word may become: variables by their ids or titles, then functions.
 * @param {string} word @param {{id: string, title?: string | null, kind: string}[]} variables
 * @returns {{insert: string, label: string, note: string}[]}
 */
export function completions(word, variables) {
  const wanted = word.toLowerCase();
  const isOne = ({ id = "", title = "" }) => id.toLowerCase().startsWith(wanted) || title.toLowerCase().includes(wanted);
  const named = variables
    .filter(({ kind, id, title }) => kind === "variable" && isOne({ id, title: title ?? "" }))
    .map(({ id, title }) => ({ insert: quoted(id), label: id, note: title && title !== id ? title : "" }));
  const functions = FUNCTIONS.filter((name) => wanted && name.startsWith(wanted)).map((name) => ({ insert: `${name}(`, label: `${name}()`, note: "" }));
  return [...named, ...functions].filter(({ insert }) => insert !== word).slice(0, 8);
}

/** A name with other signs than letters, digits, _ and . goes between backticks. @param {string} id */
export function quoted(id) {
  return /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(id) ? id : `\`${id}\``;
}

/**
 * @param {string} text @param {Word} word @param {string} insert
 * @returns {{text: string, caret: number}}
 */
export function completed(text, { start, end }, insert) {
  return { text: text.slice(0, start) + insert + text.slice(end), caret: start + insert.length };
}
