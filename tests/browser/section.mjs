/**
 * Draws a line and reads along it; looks at diagrams of time and place; saves what they show.
 *     node section.mjs CHROMIUM BASE_URL FOLDER
 */
import { readFile } from "node:fs/promises";
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const OCEAN = "dataset=ocean&variable=sst&view=3/20/-30&time=2021-03-30T00:00:00Z&tab=section";
const seen = { errors: [], hosts: [] };
const browser = await launch(chromium);

/** @param {string} hash @param {Parameters<typeof openPage>[1]} [options] */
async function open(hash, options) {
  const { page, log } = await openPage(browser, options);
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

/** @param {{requests: string[]}} log @param {number} [from] */
const asked = (log, from = 0) => log.requests.slice(from).filter((address) => /\/(transect|coverage)\//.test(address)).map((address) => address.slice(base.length));

/** @param {import("playwright-core").Page} page @param {string} label */
async function saved(page, label) {
  const waiting = page.waitForEvent("download");
  await page.locator(".section").getByRole("button", { name: label }).click();
  const download = await waiting;
  const path = `${folder}/${download.suggestedFilename()}`;
  await download.saveAs(path);
  return { name: download.suggestedFilename(), path };
}

/** @param {import("playwright-core").Page} page */
const diagramReady = (page) => page.waitForFunction(() => {
  const reading = document.querySelector(".section-diagram") && !document.querySelector(".section-diagram[data-loading]") && document.querySelector(".section-note")?.textContent;
  return Boolean(reading);
});

async function drawLine() {
  const { page, log, done } = await open(OCEAN);
  seen.empty = await page.locator(".section > .empty").textContent();
  await page.locator("#tools-draw button").first().click();
  await page.getByRole("button", { name: "Line, for a section" }).click();
  await page.waitForSelector(".draw-hint");
  for (const [x, y] of [[500, 600], [600, 500], [720, 400]]) {
    await page.mouse.move(x, y);
    await page.mouse.click(x, y);
    await page.waitForTimeout(60);
  }
  await page.mouse.click(720, 400);
  await page.waitForSelector(".section-chart canvas");
  await settle(page);
  seen.line = { hash: await page.evaluate(() => decodeURIComponent(location.hash)), asked: asked(log) };
  seen.described = await page.locator(".section-chart").getAttribute("aria-label");

  const box = await page.locator(".section-chart .u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
  await page.waitForSelector(".section-marker");
  seen.under = { place: await page.locator(".section-reading").textContent(), value: await page.locator(".section-curves strong").textContent() };
  const mark = await page.locator(".section-marker").boundingBox();
  seen.mark = [mark.x + mark.width / 2, mark.y + mark.height / 2];
  await picture(page, "line");
  seen.axe = await violations(page);
  const table = await saved(page, "Save the numbers as CSV");
  seen.lineTable = { name: table.name, text: await readFile(table.path, "utf8") };
  seen.linePicture = (await saved(page, "Save as a picture (PNG)")).name;

  const before = log.requests.length;
  await page.keyboard.press("ArrowRight");
  await page.waitForTimeout(600);
  seen.lineStepped = asked(log, before);
  await done();
}

async function seeDiagrams() {
  const { page, log, done } = await open(`${OCEAN}&section=latitude`, { width: 1400, height: 900 });
  await diagramReady(page);
  await settle(page);
  seen.latitude = { asked: asked(log), note: await page.locator(".section-note").textContent(), canvas: await page.locator(".section-diagram").boundingBox() };
  await picture(page, "latitude");
  seen.axe.push(...(await violations(page)));
  const table = await saved(page, "Save the numbers as CSV");
  seen.latitudeTable = { name: table.name, text: await readFile(table.path, "utf8") };
  seen.latitudePicture = (await saved(page, "Save as a picture (PNG)")).name;

  let before = log.requests.length;
  await page.evaluate(() => (location.hash += "&colormap=plasma"));
  await settle(page);
  seen.recoloured = log.requests.slice(before).filter((address) => /\/(tiles|coverage|transect)\//.test(address));
  await picture(page, "recoloured");

  const { x, y, width, height } = seen.latitude.canvas;
  await page.mouse.move(x + width * 0.9, y + height * 0.5);
  seen.pointed = await page.locator(".section-reading").textContent();
  await page.mouse.click(x + width * 0.9, y + height * 0.5);
  await settle(page);
  seen.clicked = await page.evaluate(() => /time=([^&]*)/.exec(decodeURIComponent(location.hash))[1]);
  await page.mouse.move(4, 4);
  await page.locator(".section-diagram").focus();
  await page.keyboard.press("ArrowLeft");
  const first = await page.locator(".section-reading").textContent();
  await page.keyboard.press("ArrowLeft");
  seen.keys = [first, await page.locator(".section-reading").textContent()];

  before = log.requests.length;
  await page.getByLabel("Kind of section").selectOption("Time and longitude");
  await page.waitForFunction(() => location.hash.includes("section=longitude"));
  await diagramReady(page);
  await settle(page);
  seen.longitude = { asked: asked(log, before) };
  const other = await saved(page, "Save the numbers as CSV");
  seen.longitudeTable = { name: other.name, text: await readFile(other.path, "utf8") };
  await done();
}

/** An answer that never ends can be given up; one that fails is told, with a way to try again. */
async function giveUp() {
  const { page, log } = await openPage(browser, { width: 1400, height: 900 });
  let isSlow = true;
  await page.route("**/coverage/**", async (route) => {
    if (isSlow) await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    else await route.fulfill({ status: 503, contentType: "application/problem+json", body: '{"detail": "The store does not answer."}' });
  });
  await page.goto(`${base}/#${OCEAN}&section=latitude`);
  const cancel = page.locator(".section-loading button");
  await cancel.click();
  await cancel.waitFor({ state: "hidden" });
  seen.cancelled = asked(log).length;
  isSlow = false;
  await page.locator(".section-choice select").nth(1).selectOption("Whole dataset");
  await page.getByText("The store does not answer.").first().waitFor();
  await page.unroute("**/coverage/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await diagramReady(page);
  seen.retried = await page.locator(".section-note").textContent();
  await page.context().close();
}

async function beTold() {
  const { page, done } = await open("dataset=s2&variable=true_color&tab=section&section=latitude&language=de", { width: 390, height: 800, touch: true });
  seen.told = await page.locator(".section > .empty").textContent();
  await page.evaluate(() => (location.hash = location.hash.replace("s2&variable=true_color", "land&variable=elevation")));
  await settle(page);
  seen.timeless = await page.locator(".section > .empty").textContent();
  await done();
}

await drawLine();
await seeDiagrams();
await giveUp();
await beTold();
seen.hosts = [...new Set(seen.hosts)];
console.log(JSON.stringify(seen));
await browser.close();
