/**
 * Runs programs in pages that hold a map library and `<div id="map">`, as sites of others do: the
 * pages have an origin of their own. A job a line of JSON comes in, what was seen goes out likewise.
 *     node pages.mjs CHROMIUM
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { launch, openPage } from "./chromium.mjs";

const MODULES = new URL("../../web/node_modules/", import.meta.url);
const LIBRARIES = {
  leaflet: ["leaflet/dist/leaflet.css", "leaflet/dist/leaflet.js"],
  maplibre: ["maplibre-gl/dist/maplibre-gl.css", "maplibre-gl/dist/maplibre-gl.mjs"],
  openlayers: ["ol/ol.css", "ol/dist/ol.js", "proj4/dist/proj4.js"],
};
const MEDIA_TYPES = { ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript", ".png": "image/png" };
const TAGS = {
  ".css": (address) => `<link rel="stylesheet" href="${address}">`,
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

const site = createServer(async (request, answer) => {
  const { pathname } = new URL(request.url, "http://site");
  const library = LIBRARIES[pathname.slice(1)];
  // The maps of the sources are nowhere asked for but by developers' tools.
  const body = library ? pageWith(library) : await readFile(new URL(`.${pathname}`, MODULES)).catch(() => null);
  answer.writeHead(body === null ? 404 : 200, { "Content-Type": MEDIA_TYPES[extname(pathname)] ?? "text/html" });
  answer.end(body ?? "");
});
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const home = `http://127.0.0.1:${site.address().port}`;
const browser = await launch(process.argv[2]);

/** @param {{library?: string, address?: string, program?: string, args?: unknown, picture: string, idle?: boolean, width: number, height: number, dark?: boolean, touch?: boolean}} job */
async function run({ library, address, program, args, picture, idle = false, ...window }) {
  const { page, log } = await openPage(browser, window);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // A page gives up itself what it no longer shows.
    if (reason !== "net::ERR_ABORTED") log.failures.push(`${reason} ${request.url()}`);
  });
  try {
    await page.goto(address ?? `${home}/${library}`);
    const called = `(async (args) => {${program}\n})(${JSON.stringify(args ?? null)})`;
    const facts = program ? ((await page.evaluate(called)) ?? null) : null;
    if (idle) await page.waitForLoadState("networkidle");
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
