/**
 * Pictures and animations: each is saved as people do, and left in the folder.
 *     node export.mjs CHROMIUM TIME_URL DEMO_URL FOLDER
 */
import { violations } from "./axe.mjs";
import { REMOTE, launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, demo, folder] = process.argv;
const browser = await launch(chromium);
const seen = { errors: [], axe: {}, files: {} };
const FLAT = "#dataset=flat&variable=step&time=2024-03-05&speed=5&view=1/0/0";

/** @param {string} address @param {Parameters<typeof openPage>[1]} [options] */
async function open(address, options) {
  const { page, log } = await openPage(browser, options);
  await page.goto(address);
  await settle(page);
  return { page, log, done: () => (seen.errors.push(...log.errors, ...log.failures), page.context().close()) };
}

/** @param {import("playwright-core").Page} page */
async function openWindow(page) {
  await page.locator("#tools-export button").click();
  await drawn(page);
}

/** @param {import("playwright-core").Page} page */
const drawn = (page) => page.waitForSelector(".export-preview[data-drawn=true]");

/** Presses save. @param {import("playwright-core").Page} page @param {string} name of the file kept */
async function save(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save", exact: true }).click()]);
  await download.saveAs(`${folder}/${name}`);
  seen.files[name] = download.suggestedFilename();
  return page.locator(".export-foot [role=status]").textContent();
}

/** @param {import("playwright-core").Page} page @param {number} width @param {number} height */
async function chooseSize(page, width, height) {
  await page.getByLabel("Size in pixels").selectOption({ label: "Own size" });
  for (const [name, value] of [["Width", width], ["Height", height]]) {
    await page.getByLabel(name, { exact: true }).fill(String(value));
    await page.keyboard.press("Tab");
  }
  await drawn(page);
}

async function savePictures() {
  const { page, log, done } = await open(`${base}/${FLAT}`, { width: 1000, height: 640 });
  log.requests.length = 0;
  await openWindow(page);
  seen.previewTiles = log.requests.filter((address) => address.includes("/tiles/")).length;
  seen.axe.picture = await violations(page);
  await page.screenshot({ path: `${folder}/window.png` });
  seen.note = await save(page, "map.png");
  for (const part of ["Title", "Time", "Legend", "Scale bar", "Attribution", "Basemap"]) await page.getByRole("checkbox", { name: part }).uncheck();
  await save(page, "bare.png");
  await chooseSize(page, 1600, 1600);
  await save(page, "large.png");
  await done();
}

async function saveFilms() {
  const { page, done } = await open(`${base}/${FLAT}`, { width: 1000, height: 640 });
  await openWindow(page);
  await page.getByRole("radio", { name: "Animation" }).check();
  await chooseSize(page, 641, 401);
  await page.getByLabel("Frames per second").fill("8");
  await page.keyboard.press("Tab");
  seen.count = await page.locator(".export-film > p").textContent();
  seen.formats = await page.locator(".export-format option").evaluateAll((options) => options.map(({ value, disabled }) => [value, disabled]));
  seen.axe.film = await violations(page);
  for (const format of ["gif", "mp4", "webm"]) {
    await page.getByLabel("Format").selectOption(format);
    await save(page, `film.${format}`);
  }
  seen.hashAfter = await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("time"));
  await page.locator(".export-film select").nth(1).selectOption("4");
  await page.getByLabel("Format").selectOption("gif");
  await save(page, "sparse.gif");
  await done();
}

/** A long film is given up half way: nothing is saved, and another can be made. */
async function cancel() {
  const { page, done } = await open(`${base}/#dataset=years&variable=step`, { width: 1000, height: 640 });
  let downloads = 0;
  page.on("download", () => downloads++);
  await openWindow(page);
  await page.getByRole("radio", { name: "Animation" }).check();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForFunction(() => document.querySelector(".export-foot progress").value > 0.005);
  seen.progress = await page.locator(".export-foot [role=status]").textContent();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForFunction(() => document.querySelector(".export-foot progress").hidden);
  seen.cancelled = { downloads, isReady: await page.getByRole("button", { name: "Save", exact: true }).isEnabled() };
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await done();
}

/** Videos need a secure context; the reason is told, and GIF is left. */
async function missEncoder() {
  const { page, done } = await open(`${base.replace("127.0.0.1", REMOTE)}/${FLAT}`);
  await openWindow(page);
  await page.getByRole("radio", { name: "Animation" }).check();
  await page.waitForFunction(() => document.querySelector(".export-format option[value=mp4]").disabled);
  seen.insecure = {
    formats: await page.locator(".export-format option").evaluateAll((options) => options.map(({ value, disabled }) => [value, disabled])),
    reason: await page.locator(".export-format [role=status]").textContent(),
  };
  await done();
}

async function saveOthers() {
  const { page, done } = await open(`${demo}/#dataset=land&variable=land_cover&view=4/47/10`, { width: 360, height: 740, touch: true, dark: true });
  await page.locator("#tools-export button").tap();
  await drawn(page);
  seen.still = await page.getByRole("radio", { name: "Animation" }).isVisible();
  await page.screenshot({ path: `${folder}/phone.png` });
  seen.overflow = await page.locator("dialog").evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
  await done();
}

await Promise.all([savePictures(), saveFilms(), cancel(), missEncoder(), saveOthers()]);
await browser.close();
console.log(JSON.stringify(seen));
