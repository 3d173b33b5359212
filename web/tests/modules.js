/** Which files a page loads: followed through its imports. */
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const STATIC = /^(?:import|export)\b[^"';]*?["'](\.{1,2}\/[^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["'](\.{1,2}\/[^"']+)["']\s*\)/g;

export const WEB = new URL("../", import.meta.url);

/** @param {URL} file @param {RegExp} pattern */
function named(file, pattern) {
  // Types are imported in comments.
  const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  return [...code.matchAll(pattern)].map(([, name]) => new URL(name, file));
}

/**
 * A module and all that comes with it.
 * @param {URL} entry
 * @param {Set<string>} [found]
 * @returns {Set<string>} addresses of files
 */
export function withImports(entry, found = new Set()) {
  if (found.has(entry.href)) return found;
  found.add(entry.href);
  if (!entry.href.includes("/vendor/")) named(entry, STATIC).forEach((file) => withImports(file, found));
  return found;
}

/**
 * What modules load later, by entries: each with all that comes with it.
 * @param {Iterable<string>} modules addresses
 * @returns {Map<string, Set<string>>} by name below web/
 */
export function laterParts(modules) {
  const parts = new Map();
  const open = [...modules];
  for (let module = open.pop(); module; module = open.pop()) {
    if (module.includes("/vendor/")) continue;
    for (const entry of named(new URL(module), DYNAMIC)) {
      const name = nameOf(entry.href);
      if (parts.has(name)) continue;
      parts.set(name, withImports(entry));
      open.push(...parts.get(name));
    }
  }
  return parts;
}

/** @param {string} address */
export function nameOf(address) {
  return address.slice(WEB.href.length);
}

/** Bytes of files, each by gzip as the server does. @param {Iterable<string>} files */
export function weigh(files) {
  return [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file)), { level: 6 }).length, 0);
}

/** Whether the libraries are there: by `npm run vendor`. */
export const hasVendor = existsSync(new URL("vendor/leaflet.js", WEB));
