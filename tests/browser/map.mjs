/**
 * Looks at the map itself: colours, layers, views, values under the pointer, what fails; prints facts as JSON.
 *     node map.mjs CHROMIUM BASE_URL FOLDER
 */
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const seen = {};
const browser = await launch(chromium);
const WIDE = { width: 1024, height: 700 };

/** The map alone: panels would hide its pixels. @param {import("playwright-core").Page} page */
const bare = (page) => page.evaluate(() => {
  for (const id of ["panel", "tools", "timebar", "analysis", "notice"]) document.getElementById(id).style.visibility = "hidden";
  document.querySelector(".leaflet-control-container").style.visibility = "hidden";
});

/** @param {string} hash @param {{options?: object, query?: string}} [how] */
async function open(hash, { options = {}, query = "" } = {}) {
  const { page, log } = await openPage(browser, { ...WIDE, ...options });
  await page.goto(`${base}/${query}#${hash}`);
  await settle(page);
  await bare(page);
  return { page, log };
}

/** @param {import("playwright-core").Page} page @param {string} hash */
async function go(page, hash) {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.waitForTimeout(60);
  await settle(page);
}

/** @param {import("playwright-core").Page} page @param {string} name */
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });

/** Where the corner of a tile is in the window. @param {import("playwright-core").Page} page @param {number} z @param {number} x @param {number} y */
const cornerOf = (page, z, x, y) => page.evaluate(async ([zoom, column, row]) => {
  const { mapOf } = await import(new URL("map/map.js", document.querySelector("script[type=module]").src).href);
  const map = mapOf(document.getElementById("map"));
  const at = map.latLngToContainerPoint(map.unproject([column * 256, row * 256], zoom));
  return [Math.round(at.x), Math.round(at.y)];
}, [z, x, y]);

const tilesAsked = (log, suffix = "") => log.requests.filter((address) => address.includes("/tiles/") && address.includes(suffix)).length;
const readout = (page) => page.evaluate(() => {
  const card = document.querySelector(".readout");
  return card.hidden ? null : card.innerText.split("\n");
});

/** Pixels as the server colours them, on every kind of scale; recoloured without a request. */
async function compareColours() {
  const view = "view=3/20.0000/-40.0000&basemap=none";
  const { page, log } = await open(`dataset=ocean&variable=sst&${view}`);
  seen.corner = await cornerOf(page, 3, 3, 3);
  await picture(page, "linear");
  seen.asked = { raw: tilesAsked(log, ".bin"), coloured: tilesAsked(log, ".png") };
  const before = log.requests.length;
  await go(page, `dataset=ocean&variable=sst&colormap=magma_r&rescale=5,25&opacity=0.5&${view}`);
  await picture(page, "recoloured");
  seen.recolouring = log.requests.slice(before).filter((address) => !address.includes("/colormaps/") && !address.includes("/legend/"));
  await go(page, `dataset=ocean&variable=sst_anomaly&scale=symlog&${view}`);
  await picture(page, "symlog");
  await go(page, `dataset=ocean&variable=chl&${view}`);
  await picture(page, "log");
  await page.mouse.move(seen.corner[0] + 200, seen.corner[1] + 120);
  await page.waitForTimeout(100);
  const asked = log.requests.length;
  await page.mouse.move(seen.corner[0] + 60, seen.corner[1] + 60);
  await page.waitForTimeout(100);
  seen.hover = { lines: await readout(page), asked: log.requests.length - asked };
  seen.errors = log.errors;
  await page.close();
}

/** Layers above each other, the order and the opacity of which count; a composite. */
async function stackLayers() {
  const view = "view=3/45.0000/10.0000&basemap=none";
  const { page, log } = await open(`dataset=model&variable=t&dataset=ocean&variable=sst&opacity=0.4&${view}`);
  seen.stackCorner = await cornerOf(page, 3, 3, 3);
  await picture(page, "stack");
  await page.mouse.move(seen.stackCorner[0] + 20, seen.stackCorner[1] + 200);
  await page.waitForTimeout(100);
  seen.stackHover = await readout(page);
  await go(page, `dataset=s2&variable=true_color&basemap=none&view=13/47.2500/11.3500`);
  seen.composite = { corner: await cornerOf(page, 13, 4354, 2872), raw: tilesAsked(log, "true_color") };
  await picture(page, "composite");
  await page.close();
}

/** Where a map has to be careful: 180°, several worlds, between zooms, deep zooms, dragged far. */
async function travel() {
  const { page, log } = await open("dataset=ocean&variable=sst&basemap=none&view=1/0.0000/170.0000");
  seen.worlds = { corner: await cornerOf(page, 1, 1, 0), asked: tilesAsked(log, ".bin") };
  await picture(page, "worlds");
  await go(page, "dataset=ocean&variable=sst&basemap=none&view=3.4/10.0000/-150.0000");
  await picture(page, "between");
  const [x, y] = [512, 350];
  for (let i = 0; i < 5; i++) {
    await page.mouse.move(x + 400, y);
    await page.mouse.down();
    await page.mouse.move(x - 400, y, { steps: 6 });
    await page.mouse.up();
  }
  await settle(page);
  seen.dragged = await page.evaluate(() => location.hash);
  await picture(page, "dragged");
  const before = tilesAsked(log, ".bin");
  await go(page, "dataset=ocean&variable=sst&basemap=none&view=17/10.0000/-150.0000");
  seen.deep = { asked: log.requests.filter((address) => address.includes(".bin")).slice(before) };
  await picture(page, "deep");
  await page.close();
}

/** While zooming there is always a picture: blank pixels are counted between. */
async function zoom() {
  const { page } = await open("dataset=ocean&variable=sst&basemap=none&view=3/0.0000/-150.0000");
  await page.evaluate(() => {
    window.frames = [];
    const canvas = document.querySelector(".data-canvas");
    const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    document.getElementById("map").addEventListener("map:drawn", () => {
      copy.clearRect(0, 0, 1, 1);
      copy.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
      window.frames.push(copy.getImageData(0, 0, 1, 1).data[3]);
    });
  });
  await page.mouse.move(512, 350);
  await page.mouse.wheel(0, -240);
  await page.waitForTimeout(500);
  await settle(page);
  seen.zoomed = { alphas: await page.evaluate(() => window.frames), hash: await page.evaluate(() => location.hash) };
  await page.close();
}

/** Tiles of one layer fail: it is told once, the other layer stays, and comes back when asked again. */
async function fail() {
  const { page } = await openPage(browser, WIDE);
  const problem = JSON.stringify({ detail: "the store does not answer" });
  await page.route("**/tiles/ocean/**", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: problem }));
  await page.goto(`${base}/#dataset=model&variable=t&dataset=ocean&variable=sst&view=3/0.0000/-40.0000`);
  await settle(page);
  seen.failed = await page.evaluate(() => [...document.querySelectorAll("#notice p")].map((note) => note.textContent));
  await page.unroute("**/tiles/ocean/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await settle(page);
  seen.mended = await page.evaluate(() => [...document.querySelectorAll("#notice p")].map((note) => note.textContent));
  await page.mouse.move(500, 420);
  await page.waitForTimeout(100);
  seen.mendedHover = await readout(page);
  await page.close();
}

/** The context of WebGL is taken away, and given back. */
async function loseContext() {
  const { page, log } = await open("dataset=ocean&variable=sst&basemap=none&view=3/20.0000/-40.0000");
  await page.evaluate(async () => {
    const extension = document.querySelector(".data-canvas").getContext("webgl2").getExtension("WEBGL_lose_context");
    extension.loseContext();
    await new Promise((resolve) => setTimeout(resolve, 300));
    extension.restoreContext();
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  await settle(page);
  await picture(page, "restored");
  seen.restored = log.errors.filter((line) => !line.includes("CONTEXT_LOST"));
  await page.close();
}

/** Without WebGL the server colours. */
async function useFlat() {
  const { page, log } = await open("dataset=ocean&variable=sst&colormap=magma&basemap=none&view=3/20.0000/-40.0000", { query: "?webgl=off" });
  seen.flat = { raw: tilesAsked(log, ".bin"), coloured: tilesAsked(log, "colormap_name=magma"), errors: log.errors };
  await picture(page, "flat");
  await page.close();
}

/** By keyboard: a cross at the centre, and what is there is said. */
async function useKeys() {
  const { page } = await open("dataset=ocean&variable=sst&view=3/20.0000/-40.0000");
  await page.keyboard.press("Tab");
  await page.evaluate(() => document.getElementById("map").focus({ focusVisible: true }));
  await page.waitForTimeout(700);
  seen.keys = { lines: await readout(page), said: await page.evaluate(() => document.querySelector(".readout-voice").textContent), cross: await page.locator(".map-cross").isVisible() };
  await picture(page, "keys");
  await page.close();
}

/** On a screen with twice the pixels. */
async function useRetina() {
  const context = await browser.newContext({ viewport: { width: 600, height: 500 }, deviceScaleFactor: 2 });
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${base}/#dataset=ocean&variable=sst&basemap=none&view=3/20.0000/-40.0000`);
  await settle(page);
  await bare(page);
  seen.retina = { large: asked.filter((address) => address.includes("@2x.bin")).length, small: asked.filter((address) => /\d\.bin/.test(address)).length, corner: await cornerOf(page, 3, 3, 3) };
  await picture(page, "retina");
  await context.close();
}

/** Data without time, and no link that tells the view: nothing comes later that would draw them. */
async function openTimeless() {
  const { page, log } = await open("dataset=land&variable=land_cover&basemap=none");
  seen.timeless = { asked: tilesAsked(log, ".bin") };
  await picture(page, "timeless");
  await page.close();
}

try {
  await Promise.all([compareColours().then(stackLayers).then(useKeys).then(openTimeless), travel().then(zoom).then(useRetina), fail().then(loseContext).then(useFlat)]);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
