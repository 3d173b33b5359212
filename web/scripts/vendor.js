/** Fills web/vendor/ from node_modules: libraries as they are published, and the offline basemap. Never committed. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { transform } from "esbuild";
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
  ["gifenc/dist/gifenc.esm.js", "gifenc.js"],
  ["gifenc/LICENSE.md", "gifenc.LICENSE"],
  ["mediabunny/dist/bundles/mediabunny.min.mjs", "mediabunny.js"],
  ["mediabunny/LICENSE", "mediabunny.LICENSE"],
  ["cesium/Build/Cesium/index.js", "cesium/index.js"],
  ["cesium/LICENSE.md", "cesium/LICENSE.md"],
];

/** What Cesium asks for by itself of all that it comes with, from where its page says that it lies. */
const CESIUM = ["Assets/IAU2006_XYS", "Assets/Textures", "Assets/approximateTerrainHeights.json", "Workers"];

/** Types for the copies: the type checker reads these in place of the files beside them. */
const TYPES = {
  "leaflet.d.ts": 'export * from "leaflet";\n',
  "uplot.d.ts": 'export { default } from "uplot";\n',
  // It has no types of its own.
  "gifenc.d.ts": `type Palette = number[][];
type Frame = { palette?: Palette; delay?: number; repeat?: number; transparent?: boolean; transparentIndex?: number; dispose?: number };
export function GIFEncoder(): { writeFrame(index: Uint8Array, width: number, height: number, frame?: Frame): void; finish(): void; bytes(): Uint8Array<ArrayBuffer> };
export function quantize(rgba: Uint8Array | Uint8ClampedArray, colors: number, options?: { format?: "rgb565" | "rgb444" | "rgba4444" }): Palette;
export function applyPalette(rgba: Uint8Array | Uint8ClampedArray, palette: Palette, format?: "rgb565" | "rgb444" | "rgba4444"): Uint8Array;
`,
  "mediabunny.d.ts": 'export * from "mediabunny";\n',
  "cesium/index.d.ts": 'export * from "cesium";\n',
};

/** Minified where it is not yet: a first visit should be short. @param {string} from @param {string} to */
async function copy(from, to) {
  const source = await readFile(new URL(`node_modules/${from}`, web), "utf8");
  const isScript = to.endsWith(".js");
  const { code } = isScript ? await transform(source, { minify: true, legalComments: "inline", target: "es2022" }) : { code: source };
  // The maps are not shipped, so the pointers to them would only give 404s in the console.
  await writeFile(new URL(to, vendor), code.replace(/\n\/\/# sourceMappingURL=.*/, ""));
}

await rm(vendor, { recursive: true, force: true });
for (const folder of ["basemap/", "cesium/"]) await mkdir(new URL(folder, vendor), { recursive: true });
await Promise.all(COPIES.map(([from, to]) => copy(from, to)));
await cp(new URL("node_modules/leaflet/dist/images/", web), new URL("images/", vendor), { recursive: true });
for (const name of CESIUM) {
  await cp(new URL(`node_modules/cesium/Build/Cesium/${name}`, web), new URL(`cesium/${name}`, vendor), { recursive: true });
}
for (const [name, text] of Object.entries(TYPES)) await writeFile(new URL(name, vendor), text);
for (const [name, content] of await makeBasemap()) {
  await writeFile(new URL(`basemap/${name}`, vendor), JSON.stringify(content));
}
