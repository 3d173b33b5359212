/**
 * Turns, recolours and plays the globe, looks at a pole, and goes to and fro between it and the map.
 *     node globe.mjs CHROMIUM BASE_URL FOLDER
 */
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const WINDOW = { width: 800, height: 600 };
const ABOVE = "mode=globe&camera=-30,10,3000000,0,-90";
const seen = { errors: [], hosts: [] };
const browser = await launch(chromium);

/** @param {string} hash @param {Parameters<typeof openPage>[1]} [options] */
async function open(hash, options = WINDOW) {
  const { page, log } = await openPage(browser, options);
  page.setDefaultTimeout(90_000);
  await page.goto(`${base}/#${hash}`);
  await settle(page);
  const done = async () => {
    seen.errors.push(...log.errors);
    seen.hosts.push(...log.hosts);
    await page.context().close();
  };
  return { page, log, done };
}

/** @param {import("playwright-core").Page} page @param {string} name */
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });

/** @param {{requests: string[]}} log @param {number} from */
const tilesSince = (log, from) => log.requests.slice(from).filter((address) => address.includes("/tiles/"));

/** @param {import("playwright-core").Page} page */
const cameraOf = (page) => page.evaluate(() => /camera=([^&]*)/.exec(location.hash)[1].split(",").map(Number));

/** Until what moves the camera has moved it, and it has come to rest. @param {import("playwright-core").Page} page @param {() => Promise<void>} act */
async function move(page, act) {
  const before = await page.evaluate(() => /camera=([^&]*)/.exec(location.hash)[1]);
  await act();
  await page.waitForFunction((camera) => /camera=([^&]*)/.exec(location.hash)[1] !== camera, before);
  await settle(page);
}

/** @param {import("playwright-core").Page} page @param {(hash: string) => string} change */
async function follow(page, change) {
  const before = await page.evaluate(() => location.hash);
  await page.evaluate((hash) => (location.hash = hash), change(before));
  await settle(page);
}

/** What is right below the camera, on the window. @param {import("playwright-core").Page} page */
async function middleOf(page) {
  const { x, y, width, height } = await page.locator("#globe canvas").boundingBox();
  return [Math.round(x + width / 2), Math.round(y + height / 2)];
}

async function useGlobe() {
  const { page, log, done } = await open(`dataset=ocean&variable=sst&${ABOVE}`);
  await picture(page, "above");
  const [x, y] = (seen.middle = await middleOf(page));

  await page.mouse.move(x + 30, y + 30);
  await page.waitForSelector(".globe-tip:not([hidden]) strong");
  seen.hover = await page.locator(".globe-tip p").allTextContents();
  await page.mouse.move(x, 4);

  let asked = log.requests.length;
  await follow(page, (hash) => `${hash}&colormap=plasma`);
  seen.recoloured = tilesSince(log, asked);
  await picture(page, "recoloured");

  // Every tile of another time is late: what is shown until then is the old frame, whole.
  await page.route("**/tiles/**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await route.continue().catch(() => {});
  });
  asked = log.requests.length;
  const sent = page.waitForRequest((request) => request.url().includes("/tiles/"));
  await page.keyboard.press("ArrowLeft");
  await sent;
  await page.waitForTimeout(500);
  await picture(page, "waiting");
  await settle(page);
  await picture(page, "stepped");
  seen.stepped = tilesSince(log, asked).length;
  await page.unroute("**/tiles/**");

  const [, , height] = await cameraOf(page);
  await move(page, () => page.getByRole("button", { name: "Zoom in" }).click());
  seen.zoomed = (await cameraOf(page))[2] / height;
  const [lon] = await cameraOf(page);
  await page.locator("#globe canvas").focus();
  await move(page, () => page.keyboard.press("ArrowRight"));
  seen.turned = (await cameraOf(page))[0] - lon;
  await page.mouse.click(x, y);
  await page.waitForFunction(() => location.hash.includes("place="));
  seen.clicked = await page.evaluate(() => decodeURIComponent(location.hash));
  seen.at = await cameraOf(page);
  await done();
}

/** Twice through all steps. */
async function play() {
  const { page, log, done } = await open(`dataset=ocean&variable=sst&${ABOVE}&speed=10`, { width: 640, height: 400 });
  const shown = (/** @type {number} */ frames) => page.waitForFunction((least) => Number(document.querySelector("[data-frames]")?.dataset.frames) >= least, frames);
  await page.keyboard.press(" ");
  await shown(13);
  const asked = log.requests.length;
  await shown(25);
  seen.playing = tilesSince(log, asked);
  await page.keyboard.press(" ");
  await settle(page);
  seen.axe = await violations(page);
  await done();
}

async function lookAtPole() {
  const { page, done } = await open("dataset=ice.north&variable=thickness&dim.depth=0&mode=globe&camera=0,90,6000000,0,-90", { width: 800, height: 500 });
  await picture(page, "pole");
  seen.pole = await middleOf(page);
  await done();
}

/** Mountains as a camera low over the Alps sees them, flat and steep. */
async function raiseTerrain() {
  const { page, done } = await open("dataset=land&variable=elevation&mode=globe&camera=10,41,60000,0,-4", { width: 320, height: 400 });
  await picture(page, "flat");
  await follow(page, (hash) => `${hash}&terrain=land;elevation;15`);
  await page.waitForTimeout(500);
  await settle(page);
  await picture(page, "steep");
  await done();
}

/** What a page holds after its garbage is collected. @param {import("playwright-core").CDPSession} devtools */
async function holdings(devtools) {
  await devtools.send("HeapProfiler.collectGarbage");
  const { metrics } = await devtools.send("Performance.getMetrics");
  const { JSHeapUsedSize: heap, Nodes: nodes, JSEventListeners: listeners } = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  return { heap, nodes, listeners };
}

async function goToAndFro() {
  const { page, done } = await open(`dataset=ocean&variable=sst&${ABOVE}`, { width: 640, height: 400 });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  seen.kept = [];
  for (let turn = 1; turn <= 11; turn++) {
    for (const mode of ["map", "globe"]) {
      await page.evaluate((name) => document.querySelector(`input[name=mode][value=${name}]`).click(), mode);
      await page.waitForFunction((name) => document.body.dataset.mode === name && document.body.dataset.settled === "true", mode);
    }
    if (turn === 1 || turn === 11) seen.kept.push(await holdings(devtools));
  }
  await settle(page);
  seen.canvases = await page.locator("#globe canvas").count();
  await picture(page, "returned");
  await done();
}

try {
  for (const part of [useGlobe, play, lookAtPole, raiseTerrain, goToAndFro]) {
    const from = Date.now();
    await part();
    console.error(part.name, Date.now() - from, "ms");
  }
  seen.hosts = [...new Set(seen.hosts)];
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
