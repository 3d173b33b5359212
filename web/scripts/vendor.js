/** Fills web/vendor/ from node_modules: Leaflet, uPlot and the offline basemap. Never committed. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { makeBasemap } from "./basemap.js";

const web = new URL("../", import.meta.url);
const vendor = new URL("vendor/", web);

/** @type {[string, string][]} file in node_modules, file in vendor */
const COPIES = [
  ["leaflet/dist/leaflet-src.esm.js", "leaflet.js"],
  ["leaflet/dist/leaflet.css", "leaflet.css"],
  ["leaflet/LICENSE", "leaflet.LICENSE"],
  ["uplot/dist/uPlot.esm.js", "uplot.js"],
  ["uplot/dist/uPlot.min.css", "uplot.css"],
  ["uplot/LICENSE", "uplot.LICENSE"],
  ["world-atlas/LICENSE", "basemap/LICENSE"],
];

/** Types for the copies: the type checker reads these in place of the files beside them. */
const TYPES = {
  "leaflet.d.ts": 'export * from "leaflet";\n',
  "uplot.d.ts": 'export { default } from "uplot";\n',
};

/** @param {string} from @param {string} to */
async function copy(from, to) {
  const source = await readFile(new URL(`node_modules/${from}`, web), "utf8");
  // The maps are not shipped, so the pointers to them would only give 404s in the console.
  await writeFile(new URL(to, vendor), source.replace(/\n\/\/# sourceMappingURL=.*/, ""));
}

await rm(vendor, { recursive: true, force: true });
await mkdir(new URL("basemap/", vendor), { recursive: true });
await Promise.all(COPIES.map(([from, to]) => copy(from, to)));
await cp(new URL("node_modules/leaflet/dist/images/", web), new URL("images/", vendor), { recursive: true });
for (const [name, text] of Object.entries(TYPES)) await writeFile(new URL(name, vendor), text);
for (const [name, content] of await makeBasemap()) {
  await writeFile(new URL(`basemap/${name}`, vendor), JSON.stringify(content));
}
