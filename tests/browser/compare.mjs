/**
 * Compares two times and two layers: by a line that is moved, and on maps side by side.
 *     node compare.mjs CHROMIUM BASE_URL FOLDER
 */
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const THEN = "2021-07-12T00:00:00Z";
const seen = { errors: [] };
const browser = await launch(chromium);

/** @param {string} hash @param {Parameters<typeof openPage>[1]} [options] */
async function open(hash, options) {
  const { page, log } = await openPage(browser, options);
  await page.goto(`${base}/#${hash}`);
  await settle(page);
  return { page, log, done: () => (seen.errors.push(...log.errors), page.context().close()) };
}

/** @param {import("playwright-core").Page} page @param {string} name */
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });

/** @param {import("playwright-core").Page} page */
const labels = (page) => page.locator(".compare-label").evaluateAll((all) => all.map((label) => [...label.children].map((part) => part.textContent)));

/** @param {import("playwright-core").Page} page */
const hashOf = (page) => page.evaluate(() => decodeURIComponent(location.hash));

async function swipe() {
  const { page, log, done } = await open("dataset=ocean&variable=sst&view=3/10/-20");
  await picture(page, "now");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("radio", { name: "Swipe" }).check({ force: true });
  await page.getByRole("radio", { name: "Times" }).check({ force: true });
  const slider = page.getByRole("slider", { name: "Time on the right" });
  await slider.fill("6");
  await picture(page, "control");
  seen.axe = await violations(page);
  await page.keyboard.press("Escape");
  await settle(page);
  seen.swiped = { labels: await labels(page), hash: await hashOf(page) };
  await picture(page, "swiped");

  const asked = log.requests.length;
  const handle = page.getByRole("slider", { name: "Line between both sides" });
  const box = await handle.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(900, 300, { steps: 5 });
  await page.mouse.up();
  seen.dragged = await handle.getAttribute("aria-valuenow");
  await handle.press("PageDown");
  seen.pressed = await handle.getAttribute("aria-valuenow");
  seen.asked = log.requests.slice(asked).filter((address) => address.includes("/tiles/"));
  await settle(page);
  await picture(page, "moved");
  seen.restored = await restore(await hashOf(page));

  await page.mouse.move(560, 500);
  await page.mouse.down();
  await page.mouse.move(660, 560, { steps: 4 });
  await page.mouse.up();
  await settle(page);
  await page.mouse.move(4, 790);
  await settle(page);
  await picture(page, "panned");

  await page.mouse.click(1000, 620);
  await page.waitForFunction(() => location.hash.includes("place="));
  seen.marks = await page.evaluate(() => ["#map", ".compare-map"].map((name) => document.querySelectorAll(`${name} .place-marker`).length));
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Play", exact: true }).click();
  // At once: of a dozen steps a slow machine sees the same again before it pauses.
  const played = await page.waitForFunction((before) => {
    const told = [...document.querySelectorAll(".compare-label")].map((label) => [...label.children].map((part) => part.textContent));
    return told[0][0] !== before && told;
  }, seen.swiped.labels[0][0]);
  seen.played = await played.jsonValue();
  await page.getByRole("button", { name: "Pause" }).click();
  await settle(page);
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("radio", { name: "Off" }).check({ force: true });
  await page.keyboard.press("Escape");
  await settle(page);
  seen.left = await page.locator("#compare > *").count();
  await done();
}

/** What another person sees who follows the link. @param {string} hash */
async function restore(hash) {
  const { page, done } = await open(hash.replace(/^#/, ""));
  const found = { labels: await labels(page), at: await page.locator(".swipe-handle").getAttribute("aria-valuenow") };
  await done();
  return found;
}

async function sideBySide() {
  const { page, done } = await open("dataset=model&variable=t&dataset=ocean&variable=sst&view=3/10/-20&compare=side;layer;0;0.5");
  seen.side = { labels: await labels(page) };
  await picture(page, "side");
  seen.side.boxes = await page.evaluate(() => ["#map", ".compare-map"].map((name) => {
    const { left, width } = document.querySelector(name).getBoundingClientRect();
    return { left, width };
  }));
  await page.mouse.move(500, 400);
  await page.waitForSelector(".compare-map .crosshair:not([hidden])", { state: "attached" });
  seen.side.cross = await page.locator(".compare-map .crosshair").evaluate((cross) => cross.getBoundingClientRect().toJSON());
  await page.mouse.move(1000, 300);
  await page.mouse.down();
  await page.mouse.move(1080, 360, { steps: 5 });
  await page.mouse.up();
  await settle(page);
  await page.mouse.move(4, 790);
  await settle(page);
  await picture(page, "dragged");
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.waitForTimeout(500);
  await settle(page);
  seen.side.zoomed = await hashOf(page);
  await picture(page, "zoomed");
  await done();
}

async function onPhone() {
  const { page, done } = await open(`dataset=ocean&variable=sst&compare=swipe;time;${THEN};0.5`, { width: 390, height: 844, touch: true });
  const handle = page.getByRole("slider", { name: "Line between both sides" });
  const devtools = await page.context().newCDPSession(page);
  const touch = (type, x) => devtools.send("Input.dispatchTouchEvent", { type, touchPoints: x === null ? [] : [{ x, y: 300 }] });
  await touch("touchStart", 195);
  for (const x of [180, 140, 110]) await touch("touchMove", x);
  await touch("touchEnd", null);
  seen.touched = await handle.getAttribute("aria-valuenow");
  await picture(page, "phone");
  await done();
}

try {
  for (const part of [swipe, sideBySide, onPhone]) await part();
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
