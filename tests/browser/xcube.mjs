/** What the released xcube viewer shows of a server: `xcube.mjs CHROMIUM URL FOLDER`. */
import { launch, openPage } from "./chromium.mjs";

const [, , executable, url, folder] = process.argv;
// Its maps below the data are other people's: here they are one grey pixel.
const GREY = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNogAAAAwIBAbY0m7oAAAAASUVORK5CYII=",
  "base64",
);

const browser = await launch(executable);
const { page, log } = await openPage(browser, { width: 1400, height: 900 });
await page.route(/^https:/, (route) => route.fulfill({
  body: GREY, contentType: "image/png", headers: { "access-control-allow-origin": "*" },
}));
page.setDefaultTimeout(90_000);
const facts = {};
await page.goto(`${url}/xcube/viewer/`);
await page.getByText("Accept and continue").click();
await drawn();

const picker = page.locator("#mui-component-select-dataset");
await picker.click();
facts.datasets = await page.locator("li[role=option]").allInnerTexts();
await page.locator("li[data-value=ocean]").click();
await drawn();
facts.legend = await page.evaluate(pictureOfLegend);
facts.legendText = await page.locator("body").innerText();
await shot("map");

await draw("Point", [[600, 480]]);
await page.locator(".recharts-surface circle").first().waitFor();
await drawn();
facts.series = asked("/timeseries/");
facts.dots = await page.locator(".recharts-surface circle").count();
await shot("series");

await draw("Polygon", [[300, 400], [500, 400], [500, 520], [300, 520]]);
await drawn();
await press("FunctionsIcon");
await page.locator(".recharts-area-area").first().waitFor();
await page.waitForTimeout(1800); // the histogram grows
facts.statistics = await page.locator("table").first().innerText();
facts.histogram = (await page.locator(".recharts-area-area").first().getAttribute("d")).length;
await shot("statistics");

const before = log.requests.length;
await press("PlayCircleOutlineIcon");
for (let tries = 0; tries < 60 && played().length < 3; tries += 1) await page.waitForTimeout(500);
facts.played = played();
await press("PauseCircleOutlineIcon");
await drawn();

for (const id of ["model", "land"]) await choose(id);
await choose("s2");
await page.locator("button", { hasText: "RGB" }).first().click();
await drawn();
facts.rgb = asked("/tiles/s2/rgb/").length;
await shot("rgb");

await press("MessageIcon");
await page.mouse.move(500, 500);
await page.mouse.move(520, 520);
await drawn();
facts.values = asked("/statistics/").filter((each) => each.includes("lon=")).length;
await press("RefreshIcon");
await drawn();

facts.errors = log.errors;
facts.failures = log.failures;
facts.hosts = [...log.hosts];
console.log(JSON.stringify(facts));
await browser.close();

/** Another dataset, all of it on the map. */
async function choose(id) {
  await picker.click();
  await page.locator(`li[data-value=${id}]`).click();
  await press("TravelExploreIcon");
  await drawn();
  await shot(id);
}

/** Draw a place on the map by the tool of a name. */
async function draw(tool, corners) {
  await page.locator(`button[value=${tool}]`).click();
  for (const [x, y] of corners.slice(0, -1)) await page.mouse.click(x, y);
  const [x, y] = corners.at(-1);
  await (corners.length > 1 ? page.mouse.dblclick(x, y) : page.mouse.click(x, y));
}

/** Press the first button with a Material icon. */
async function press(icon) {
  await page.locator(`button:has(svg[data-testid=${icon}])`).first().click();
}

/** Until what was asked for is there, and the map has faded in. */
async function drawn() {
  await page.waitForLoadState("networkidle");
  await page.waitForTimeout(1200);
}

async function shot(name) {
  await page.screenshot({ path: `${folder}/${name}.png` });
}

/** The times that were asked for since the player began. */
function played() {
  const times = log.requests.slice(before).map((each) => new URL(each).searchParams.get("time"));
  return [...new Set(times.filter(Boolean))];
}

/** What was asked of a route. */
function asked(route) {
  return log.requests.filter((each) => each.includes(route));
}

/** Whether the legend holds a picture of the colours: as wide as it is drawn. */
function pictureOfLegend() {
  const found = [...document.querySelectorAll("canvas, img")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.height > 10 && box.height < 40 && box.width > 100;
  });
  return found.map((each) => each.getBoundingClientRect().toJSON());
}
