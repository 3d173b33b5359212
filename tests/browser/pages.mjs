/**
 * Runs programs in pages that hold a map library and `<div id="map">`, as sites of others do: the
 * pages have an origin of their own. A job a line of JSON comes in, what was seen goes out likewise.
 *     node pages.mjs CHROMIUM
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch, openPage } from "./chromium.mjs";

const { build } = createRequire(new URL("../../web/package.json", import.meta.url))("esbuild");
const MODULES = new URL("../../web/node_modules/", import.meta.url);
const EODASH = new URL("../../build/eox-map/dist/", import.meta.url);
const LIBRARIES = {
  eodash: ["eodash/eox-map.umd.cjs"],
  leaflet: ["leaflet/dist/leaflet.css", "leaflet/dist/leaflet.js"],
  maplibre: ["maplibre-gl/dist/maplibre-gl.css", "maplibre-gl/dist/maplibre-gl.mjs"],
  cesium: ["cesium/Build/Cesium/Widgets/widgets.css", "cesium/Build/Cesium/Cesium.js"],
  deckgl: ["bundles/deck.js"],
  zarrita: ["bundles/zarrita.js"],
  zarrlayer: ["maplibre-gl/dist/maplibre-gl.css", "maplibre-gl/dist/maplibre-gl.mjs", "bundles/zarrlayer.js"],
  openlayers: ["ol/ol.css", "ol/dist/ol.js", "proj4/dist/proj4.js"],
};
// Of modules that name others by bare names, which takes a bundler: what each makes global.
const BUNDLES = {
  "deck.js": { name: "deck", source: 'export { Deck, MapView } from "@deck.gl/core"; export { TileLayer } from "@deck.gl/geo-layers"; export { BitmapLayer } from "@deck.gl/layers";' },
  "zarrita.js": { name: "zarrita", source: 'export * from "zarrita";' },
  "zarrlayer.js": { name: "zarrlayer", source: 'export { ZarrLayer } from "@carbonplan/zarr-layer";' },
};
const MEDIA_TYPES = { ".cjs": "text/javascript", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript", ".png": "image/png" };
const TAGS = {
  ".css": (address) => `<link rel="stylesheet" href="${address}">`,
  ".cjs": (address) => `<script src="${address}"></script>`,
  ".js": (address) => `<script src="${address}"></script>`,
  ".mjs": (address) => `<script type="module">import * as maplibregl from "${address}"; Object.assign(window, { maplibregl });</script>`,
};

/** @param {string[]} files of the library */
function pageWith(files) {
  const parts = files.map((file) => TAGS[extname(file)](`/${file}`));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>A site</title><link rel="icon" href="data:,">
    ${parts.join("\n")}<style>body { margin: 0; background: #fff } #map { height: 100vh; background: #fff }</style>
    <div id="map"></div></html>`;
}

/** @param {string} name of a bundle, made once */
const bundle = (name) =>
  (BUNDLES[name].made ??= build({
    stdin: { contents: BUNDLES[name].source, resolveDir: fileURLToPath(MODULES) },
    bundle: true, format: "iife", globalName: BUNDLES[name].name, minify: true, write: false, logLevel: "error",
  }).then(({ outputFiles }) => outputFiles[0].contents));

/** @param {string} pathname of the site */
function fileAt(pathname) {
  const [, folder, name] = pathname.split("/");
  if (folder === "bundles") return bundle(name);
  const file = folder === "eodash" ? new URL(name, EODASH) : new URL(`.${pathname}`, MODULES);
  return readFile(file).catch(() => null);
}

const site = createServer(async (request, answer) => {
  const { pathname } = new URL(request.url, "http://site");
  const library = LIBRARIES[pathname.slice(1)];
  // The maps of the sources are nowhere asked for but by developers' tools.
  const body = library ? pageWith(library) : await fileAt(pathname);
  answer.writeHead(body === null ? 404 : 200, { "Content-Type": MEDIA_TYPES[extname(pathname)] ?? "text/html" });
  answer.end(body ?? "");
});
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const home = `http://127.0.0.1:${site.address().port}`;
const browser = await launch(process.argv[2]);

const [LOOK_MS, QUIET_LOOKS, MOST_LOOKS] = [100, 5, 300];

/**
 * Until nothing is on its way any more, and the page looks the same twice: what a program has just set
 * off, too, which a load state that was once reached would not wait for.
 * @param {import("playwright-core").Page} page @param {Set<unknown>} pending requests
 */
async function rest(page, pending) {
  let before = null;
  for (let look = 0, quiet = 0; look < MOST_LOOKS; look++) {
    await page.waitForTimeout(LOOK_MS);
    quiet = pending.size ? 0 : quiet + 1;
    if (quiet < QUIET_LOOKS) continue;
    const now = await page.screenshot();
    if (before?.equals(now)) return;
    before = now;
  }
}

/** @param {{library?: string, address?: string, program?: string, args?: unknown, picture: string, idle?: boolean, width: number, height: number, dark?: boolean, touch?: boolean}} job */
async function run({ library, address, program, args, picture, idle = false, ...window }) {
  const { page, log } = await openPage(browser, window);
  const asked = [];
  const pending = new Set();
  page.on("request", (request) => {
    asked.push(request.url());
    pending.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => pending.delete(request));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // A page gives up itself what it no longer shows.
    if (reason !== "net::ERR_ABORTED") log.failures.push(`${reason} ${request.url()}`);
  });
  try {
    await page.goto(address ?? `${home}/${library}`);
    const called = `(async (args) => {${program}\n})(${JSON.stringify(args ?? null)})`;
    const facts = program ? ((await page.evaluate(called)) ?? null) : null;
    if (idle) await rest(page, pending);
    await page.screenshot({ path: picture });
    return { facts, errors: log.errors, failures: log.failures, asked: asked.filter((url) => !url.startsWith(home)) };
  } catch (error) {
    return { broken: String(error), errors: log.errors, failures: log.failures };
  } finally {
    await page.context().close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
await browser.close();
site.closeAllConnections();
site.close();
