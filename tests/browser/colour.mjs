/**
 * Chooses colours as people do, and holds them to the server's pictures; prints facts as JSON.
 *     node colour.mjs CHROMIUM BASE_URL FOLDER
 */
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const seen = {};
const browser = await launch(chromium);
const STYLES = {
  linear: ["ocean/sst/1/0/0", { rescale: [0, 25] }],
  reversed: ["ocean/sst/1/0/0", { colormap: "viridis_r", rescale: [-2, 30] }],
  log: ["ocean/chl/1/1/0", { rescale: [0.05, 5], scale: "log" }],
  symlog: ["ocean/sst_anomaly/1/0/1", { rescale: [-3, 4], scale: "symlog" }],
  classes: ["land/land_cover/1/1/0", {}],
  named: ["land/land_cover/1/1/0", { colormap: "worldcover_r" }],
  own: ["ocean/sst/1/0/0", { colormap: '["#000080","#ffffff","#800000"]', rescale: [0, 30] }],
  placed: ["ocean/sst/1/0/0", { colormap: '{"0":"#000000","40":"#ff0000","255":"#ffff00"}', rescale: [0, 30] }],
  steps: ["ocean/sst/1/0/0", { colormap: '[[[0,10],"#112233"],[[10,22.5],"#445566"],[[25,40],"#ffcc00"]]' }],
  ownClasses: ["land/land_cover/1/1/0", { colormap: '{"10":"#00ff00","30":"#0000ff80","60":"#ff000000"}' }],
};

/** @param {string} hash @param {object} [options] */
async function open(hash, options = {}) {
  const { page, log } = await openPage(browser, { width: 1280, height: 860, ...options });
  await page.goto(`${base}/#${hash}`);
  await settle(page);
  return { page, log };
}

/** @param {import("playwright-core").Page} page */
async function openStyle(page) {
  await page.getByRole("tab", { name: "Layers" }).click();
  await page.waitForSelector("#style .ramp-button, #style .class-list li");
}

/** The same tile, coloured by the server and, from its raw values, by us. @param {import("playwright-core").Page} page */
const compare = (page, path, style) => page.evaluate(async ([path, style]) => {
  const module = (name) => import(new URL(name, document.querySelector("script[type=module]").src).href);
  const [{ unpack }, { colorAt, rampOf }, { tableOf, tables }] = await Promise.all(["tile/decode.js", "colour/ramp.js", "colour/tables.js"].map(module));
  const [dataset, variable] = path.split("/");
  const detail = await (await fetch(`datasets/${dataset}`)).json();
  const usual = detail.variables.find(({ id }) => id === variable).style;
  const { colormap = null, rescale = null, scale = null } = style;
  const asked = new URLSearchParams();
  if (colormap) asked.set(/^[[{]/.test(colormap) ? "colormap" : "colormap_name", colormap);
  if (rescale) asked.set("rescale", rescale.join());
  if (scale) asked.set("scale", scale);
  const packed = (await fetch(`tiles/${path}.bin`)).body.pipeThrough(new DecompressionStream("gzip"));
  const raw = unpack(await new Response(packed).arrayBuffer());
  const bitmap = await createImageBitmap(await (await fetch(`tiles/${path}.png?${asked}`)).blob());
  const context = new OffscreenCanvas(256, 256).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, 256, 256);
  const name = colormap ?? usual.colormap_name;
  const isNamed = !/^[[{]/.test(name) && (colormap || !usual.categories);
  if (isNamed && !tableOf(name)) await new Promise((done) => tables.addEventListener("change", done, { once: true }));
  const ramp = rampOf({ colormap: name, rescale: rescale ?? usual.rescale ?? null, scale: scale ?? usual.scale ?? "linear", categories: colormap ? null : (usual.categories ?? null) }, isNamed ? tableOf(name) : null);
  let [equal, worst, coloured] = [0, 0, 0];
  for (let i = 0; i < raw.codes.length; i++) {
    const value = raw.codes[i] ? raw.offset + raw.scale * raw.codes[i] : null;
    const [r, g, b, a] = colorAt(ramp, value === null ? null : Math.fround(value));
    const there = data.subarray(4 * i, 4 * i + 4);
    // Transparent pixels have no colour, and a canvas rounds what is half transparent.
    const off = a === 0 ? there[3] : Math.max(Math.abs(a - there[3]), ...[r, g, b].map((byte, k) => (a === 255 ? Math.abs(byte - there[k]) : Math.max(0, Math.abs(byte - there[k]) - 2))));
    equal += Number(off === 0);
    worst = Math.max(worst, off);
    coloured += Number(a > 0);
  }
  return { equal: equal / raw.codes.length, worst, coloured };
}, [path, style]);

/** @param {import("playwright-core").Page} page the colour at a place of the map, without what lies above it */
const pixel = async (page, x, y) => {
  const shot = await page.screenshot({ clip: { x, y, width: 1, height: 1 } });
  return page.evaluate(async (data) => {
    const image = Object.assign(new Image(), { src: data });
    await image.decode();
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.drawImage(image, 0, 0);
    return [...context.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
  }, `data:image/png;base64,${shot.toString("base64")}`);
};

/** Chromium looks for the page's icon again when its address changes. */
const askedFor = (log, since) => log.requests.slice(since).filter((address) => !address.endsWith("favicon.svg"));

async function chooseOnOcean() {
  const { page, log } = await open("dataset=ocean&variable=sst&view=5/2.0000/-30.0000&basemap=none");
  await openStyle(page);
  seen.legend = await page.evaluate(() => {
    const canvas = document.querySelector("canvas.legend-bar");
    const { data } = canvas.getContext("2d").getImageData(0, 0, 255, 1);
    return { ends: [[...data.slice(0, 3)], [...data.slice(-4, -1)]], ticks: [...document.querySelectorAll("#legend .legend-tick")].map((tick) => tick.textContent) };
  });
  await page.locator(".ramp-button").click();
  await page.waitForFunction(() => document.querySelectorAll(".picker [role=option]").length > 50);
  await page.waitForLoadState("networkidle");
  seen.families = await page.locator(".picker h3").allTextContents();
  await page.screenshot({ path: `${folder}/picker.png` });
  await settle(page);
  const before = log.requests.length;
  await page.getByLabel("Find a colormap").fill("plasma");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.getByLabel("Reverse the colours").click();
  await page.getByLabel("2–98 % of what is in view").click();
  seen.fitted = await page.locator("#style .range input").evaluateAll((inputs) => inputs.map(({ value }) => Number(value)));
  seen.box = await page.evaluate(async () => {
    const { mapOf } = await import(new URL("map/map.js", document.querySelector("script[type=module]").src).href);
    const bounds = mapOf(document.getElementById("map")).getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  });
  await dragHandle(page);
  seen.dragged = await page.locator("#style .range input").evaluateAll((inputs) => inputs.map(({ value }) => Number(value)));
  await page.getByLabel("Lowest value").first().fill("1,5e1");
  await page.getByLabel("Lowest value").first().press("Enter");
  await page.getByLabel("Highest value").first().fill("30");
  await page.getByLabel("Highest value").first().press("Enter");
  await page.getByLabel("Scale").selectOption("log");
  await page.waitForFunction(() => location.hash.includes("scale=log"));
  await settle(page);
  seen.hash = await page.evaluate(() => decodeURIComponent(location.hash));
  seen.asked = askedFor(log, before);
  seen.pixel = await pixel(page, 700, 300);
  seen.place = await page.evaluate(async () => {
    const { mapOf } = await import(new URL("map/map.js", document.querySelector("script[type=module]").src).href);
    const { lat, lng } = mapOf(document.getElementById("map")).containerPointToLatLng([700.5, 300.5]);
    return [lng, lat];
  });
  await page.getByLabel("Lowest value").first().fill("40");
  await page.getByLabel("Lowest value").first().press("Enter");
  seen.refused = await page.locator("#style .field-note:visible").textContent();
  await page.screenshot({ path: `${folder}/range.png` });
  seen.log = { errors: log.errors, failures: log.failures };
}

/** The upper handle, some way to the left, with the map watched meanwhile. @param {import("playwright-core").Page} page */
async function dragHandle(page) {
  await page.waitForSelector(".histogram:not([hidden])");
  const box = await page.locator(".histogram-handle").last().boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height - 6];
  const unlike = await pixel(page, 900, 300);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 60, y, { steps: 6 });
  await page.waitForTimeout(100);
  seen.whileDragged = { before: unlike, now: await pixel(page, 900, 300) };
  await page.mouse.up();
}

async function chooseClasses() {
  const { page, log } = await open("dataset=land&variable=land_cover&view=3/10.0000/15.0000&basemap=none");
  await openStyle(page);
  seen.classes = await page.locator("#legend .legend-classes li").allTextContents();
  const [x, y] = [700, 400];
  const before = await pixel(page, x, y);
  const index = await page.locator("#legend .swatch").evaluateAll((swatches, rgb) => swatches.findIndex(({ style }) => style.backgroundColor === `rgb(${rgb.join(", ")})`), before);
  const count = log.requests.length;
  const item = page.locator(".class-list li").nth(index);
  await item.locator("input").evaluate((input) => {
    input.value = "#ff00ff";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await page.waitForTimeout(300);
  const recoloured = await pixel(page, x, y);
  await item.locator("button").click();
  await page.waitForTimeout(300);
  seen.class = { index, before, recoloured, hidden: await pixel(page, x, y), asked: askedFor(log, count), ground: await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--sea").trim()) };
  await page.screenshot({ path: `${folder}/classes.png` });
}

async function makeOwn() {
  const { page } = await open("dataset=ocean&variable=sst&view=5/2.0000/-30.0000&basemap=none");
  await openStyle(page);
  await page.getByLabel("Make an own colormap").click();
  await page.locator(".colour-editor summary").click();
  await page.locator(".colour-editor textarea").fill("20 not a colour");
  await page.getByRole("button", { name: "Read" }).click();
  const refused = await page.locator(".colour-editor .field-note").textContent();
  await page.locator(".colour-editor textarea").fill("20, #0000ff\n25, #00ff00\n30, #ff0000");
  await page.getByRole("button", { name: "Read" }).click();
  await page.screenshot({ path: `${folder}/editor.png` });
  await page.getByLabel("Name", { exact: true }).fill("Traffic light");
  await page.getByRole("button", { name: "Keep" }).click();
  await page.waitForTimeout(400);
  const hash = await page.evaluate(() => decodeURIComponent(location.hash));
  const colour = await pixel(page, 700, 300);
  await page.reload();
  await settle(page);
  const again = await pixel(page, 700, 300);
  await openStyle(page);
  const name = await page.locator(".ramp-button span").textContent();
  await page.locator(".ramp-button").click();
  seen.own = { refused, hash, colour, again, name, kept: await page.locator(".picker .ramp-row").allTextContents() };
}

async function followExpression() {
  const { page, log } = await open("dataset=ocean&expression=sst*2&view=3/10.0000/-40.0000");
  await page.waitForSelector("#legend .legend-tick");
  await openStyle(page);
  seen.expression = {
    range: await page.locator("#style .range input").evaluateAll((inputs) => inputs.map(({ value }) => Number(value))),
    errors: log.errors,
  };
}

const { page } = await open("dataset=ocean&variable=sst");
seen.same = {};
for (const [name, [path, style]] of Object.entries(STYLES)) seen.same[name] = await compare(page, path, style);
await chooseOnOcean();
await chooseClasses();
await makeOwn();
await followExpression();
await browser.close();
console.log(JSON.stringify(seen));
