/**
 * Chooses, draws and imports places, and looks at what is told of them; prints facts as JSON.
 *     node analysis.mjs CHROMIUM BASE_URL FOLDER
 */
import { readFile } from "node:fs/promises";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const seen = {};
const browser = await launch(chromium);
const VIEW = "dataset=ocean&variable=sst&view=2/10.0000/-30.0000";

/** @param {import("playwright-core").Page} page */
const read = (page) => page.evaluate(() => ({
  reading: document.querySelector(".reading strong")?.textContent ?? null,
  rows: [...document.querySelectorAll(".place-row")].map((row) => [row.querySelector("input").value, row.querySelector(".place-values").innerText]),
  state: document.querySelector(".chart-state")?.innerText ?? null,
  hash: decodeURIComponent(location.hash),
}));

/** Until all series have come. @param {import("playwright-core").Page} page */
async function charted(page) {
  await page.waitForFunction(() => document.querySelector(".plot canvas") && !document.querySelector(".chart-state progress"));
  await page.waitForTimeout(200);
}

/** The text of a file that a button gives. @param {import("playwright-core").Page} page @param {string} label */
async function saved(page, label) {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: label }).last().click();
  const download = await waiting;
  return { name: download.suggestedFilename(), body: await readFile(await download.path()) };
}

/** @param {import("playwright-core").Page} page @param {string} kind */
async function choose(page, kind) {
  await page.getByRole("button", { name: "Places", exact: true }).click();
  await page.getByRole("button", { name: kind, exact: true }).click();
  await page.waitForSelector(".draw-hint");
}

async function useOnDesktop() {
  const { page, log } = await openPage(browser);
  await page.goto(`${base}/#${VIEW}`);
  await settle(page);
  await page.mouse.click(620, 400);
  await charted(page);
  seen.clicked = await read(page);
  await page.screenshot({ path: `${folder}/clicked.png` });
  const over = await page.locator(".plot .u-over").boundingBox();
  await page.mouse.click(over.x + 1, over.y + over.height / 2);
  await settle(page);
  seen.jumped = await read(page);

  await choose(page, "Rectangle");
  await page.mouse.move(560, 300);
  await page.mouse.down();
  await page.mouse.move(640, 360, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => document.querySelectorAll(".place-row").length === 2);
  await charted(page);
  await choose(page, "Circle");
  await page.mouse.click(600, 470);
  await page.mouse.click(640, 470);
  await page.waitForFunction(() => document.querySelectorAll(".place-row").length === 3);
  await choose(page, "Polygon");
  for (const [x, y] of [[520, 250], [600, 250], [600, 290], [520, 290]]) await page.mouse.click(x, y);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".place-row").length === 4);
  await charted(page);
  await choose(page, "Polygon");
  await page.mouse.click(520, 250);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".draw-hint", { state: "detached" });
  seen.drawn = await read(page);
  await page.screenshot({ path: `${folder}/drawn.png` });

  await page.getByRole("radio", { name: "Min–max" }).check();
  await charted(page);
  seen.csv = { ...(await saved(page, "Values as CSV")) };
  seen.csv.body = seen.csv.body.toString();
  const places = await saved(page, "Places as GeoJSON");
  seen.places = JSON.parse(places.body.toString());
  const chart = await saved(page, "Chart as PNG");
  seen.chart = { name: chart.name, bytes: chart.body.length, head: chart.body.subarray(1, 4).toString() };

  await page.getByRole("tab", { name: "Statistics" }).click();
  await page.waitForSelector(".statistics-table");
  await page.waitForTimeout(500);
  seen.statistics = await page.evaluate(() => Object.fromEntries([...document.querySelectorAll(".statistics-table tr")].map((row) => [row.cells[0].textContent, row.cells[1].textContent])));
  seen.bars = await page.locator(".area-histogram .bar").count();
  await page.screenshot({ path: `${folder}/statistics.png` });
  seen.link = page.url();
  seen.errors = log.errors;
  await page.close();
  const { page: other } = await openPage(browser);
  await other.goto(seen.link.replace("tab=statistics", "tab=series"));
  await charted(other);
  seen.restored = await read(other);
  await other.close();
}

/** A stretch of time narrows series. */
async function narrow() {
  const { page } = await openPage(browser);
  await page.goto(`${base}/#${VIEW}&range=2021-03-01T00:00:00Z/2021-08-01T00:00:00Z&place=Point;[-30,10];d1495b;A&chosen=0&tab=series`);
  await charted(page);
  seen.narrowed = (await saved(page, "CSV")).body.toString();
  await page.close();
}

/** Places from texts and files; what cannot be read says why. */
async function importPlaces() {
  const { page } = await openPage(browser);
  await page.goto(`${base}/#${VIEW}`);
  await settle(page);
  const open = async () => {
    await page.getByRole("button", { name: "Places", exact: true }).click();
    await page.getByRole("button", { name: "Import places" }).click();
  };
  await open();
  await page.getByLabel("Places as text").fill("name,depth\nbuoy,4");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  seen.refused = await page.locator(".import-problem").textContent();
  await page.getByLabel("Places as text").fill("name;lat;lon\nBuoy <b>1</b>;10,5;-30\nBuoy 2;0;-20");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await charted(page);
  await open();
  const feature = { type: "Feature", properties: { name: "Box" }, geometry: { type: "Polygon", coordinates: [[[-40, 20], [-30, 20], [-30, 30], [-40, 30], [-40, 20]]] } };
  await page.getByLabel("File of places").setInputFiles({ name: "box.geojson", mimeType: "application/geo+json", buffer: Buffer.from(JSON.stringify(feature)) });
  await page.waitForFunction(() => document.querySelector(".import-text").value);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.waitForFunction(() => document.querySelectorAll(".place-row").length === 3);
  await charted(page);
  seen.imported = await read(page);
  seen.markup = await page.locator(".place-list b, .leaflet-marker-pane b").count();
  await page.getByLabel("Compare with…").selectOption({ label: "Chlorophyll-a concentration" });
  await charted(page);
  seen.compared = await read(page);
  await page.screenshot({ path: `${folder}/compared.png` });
  await page.close();
}

/** A series that takes long shows how far it is, and can be given up. */
async function cancel() {
  const { page } = await openPage(browser);
  let isHeld = true;
  await page.route("**/timeseries/**", async (route) => {
    if (isHeld) return;
    await route.continue();
  });
  await page.goto(`${base}/#${VIEW}&place=Point;[-30,10];d1495b;Held&chosen=0`);
  await page.waitForSelector(".chart-state progress");
  seen.waiting = await read(page);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Try again" }).waitFor();
  seen.cancelled = await read(page);
  isHeld = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await charted(page);
  seen.resumed = await read(page);
  await page.close();
}

try {
  await Promise.all([useOnDesktop(), importPlaces(), cancel(), narrow()]);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
