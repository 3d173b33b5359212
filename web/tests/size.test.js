/** How much a page loads: what comes first, and each part that comes when it is asked for. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { WEB, hasVendor, laterParts, nameOf, weigh, withImports } from "./modules.js";

const FIRST_KB = 350;

/** The most that each later part may add, in kB by gzip. What is loaded at every start has none: it counts as first. */
const LATER_KB = {
  "access/signin.js": 5,
  "analysis/import.js": 10,
  "analysis/series.js": 60,
  "analysis/statistics.js": 60,
  "colour/editor.js": 10,
  "compare/second.js": 20,
  "cube/cube.js": 30,
  "data/expression.js": 10,
  "data/info.js": 15,
  "data/layers.js": 10,
  "export/gif.js": 10,
  "export/video.js": 200,
  "export/window.js": 30,
  "globe/globe.js": 1450,
  "section/section.js": 70,
  "status/window.js": 20,
};

/** @param {string} page @returns {string[]} addresses of what an HTML page names */
function linked(page) {
  const html = readFileSync(new URL(page, WEB), "utf8");
  return [...html.matchAll(/(?:href|src)="static\/([^"]+)"/g)].map(([, name]) => new URL(name, WEB).href);
}

const skip = hasVendor ? false : "no web/vendor here: npm run vendor";

test("what a first visit loads without the globe is small, and so is each part that comes later", { skip }, (context) => {
  const modules = withImports(new URL("main.js", WEB));
  const later = laterParts(modules);
  const atOnce = [...later].filter(([name]) => !(name in LATER_KB)).flatMap(([, files]) => [...files]);
  const basemap = new URL("vendor/basemap/world.json", WEB).href;
  const first = new Set([...modules, ...atOnce, ...linked("index.html"), basemap, new URL("index.html", WEB).href]);
  const firstKb = weigh(first) / 1000;
  context.diagnostic(`first: ${firstKb.toFixed(0)} kB of ${FIRST_KB}, ${first.size} files`);
  assert.ok(firstKb <= FIRST_KB, `${firstKb} kB, of which ${heaviest(first)}`);
  for (const [name, most] of Object.entries(LATER_KB)) {
    const files = later.get(name);
    assert.ok(files, `${name} is loaded nowhere: take it from the list`);
    const added = new Set([...files].filter((file) => !first.has(file)));
    const kb = weigh(added) / 1000;
    context.diagnostic(`${name}: ${kb.toFixed(0)} kB of ${most}`);
    assert.ok(kb <= most, `${name}: ${kb} kB, of which ${heaviest(added)}`);
  }
});

/** @param {Set<string>} files */
function heaviest(files) {
  const weighed = [...files].map((file) => /** @type {const} */ ([weigh([file]), nameOf(file)]));
  return weighed.sort(([a], [b]) => b - a).slice(0, 8).map(([bytes, name]) => `${name} ${(bytes / 1000).toFixed(1)} kB`).join(", ");
}
