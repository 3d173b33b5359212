/**
 * Makes the pictures of the documentation from the demo, as visitors see it.
 *     node web/scripts/pictures.js http://127.0.0.1:8080 docs [name …]
 * That of the server's status takes the server's TILESERVER_ADMIN_TOKEN.
 */
import { chromium } from "playwright-core";

/**
 * @typedef {object} Scene
 * @property {string} hash the link that it shows
 * @property {[number, number]} [size] of the window, in pixels
 * @property {boolean} [phone]
 * @property {(page: import("playwright-core").Page) => Promise<unknown>} [act] what is done before
 */

const PATIENCE_MS = 90_000;
const SUMMER = "time=2024-08-05T00:00:00Z";
const PLACES = [
  "Point;[-38.5,33];d1495b;Azores Current",
  "Point;[-64,38];1f77b4;Gulf Stream",
  "Polygon;[[[-60,10],[-40,10],[-40,25],[-60,25],[-60,10]]];2a9d5c;Trade winds",
].map((place) => `place=${encodeURIComponent(place)}`).join("&");

/** @type {Record<string, Scene>} file below the folder */
const SCENES = {
  "screenshot.png": { hash: `dataset=ocean&variable=sst&${SUMMER}&${PLACES}&chosen=0&tab=series` },
  "viewer/map.jpg": { hash: `dataset=ocean&variable=chl&${SUMMER}` },
  "viewer/layers.jpg": { hash: "dataset=land&variable=elevation&dataset=model&variable=t&opacity=0.6&view=4/45.0000/12.0000", act: openTab("Layers") },
  "viewer/dark.jpg": { hash: `dataset=ocean&variable=sst_anomaly&${SUMMER}&theme=dark` },
  "viewer/chart.jpg": { hash: `dataset=ocean&variable=sst&${SUMMER}&${PLACES}&chosen=2&tab=series&view=4/33.0000/-40.0000` },
  "viewer/section.jpg": { hash: "dataset=ocean&variable=sst&view=3/20.0000/-10.0000&tab=section&section=latitude" },
  "viewer/globe.jpg": { hash: `dataset=ocean&variable=sst&${SUMMER}&mode=globe` },
  "viewer/terrain.jpg": { hash: "dataset=land&variable=elevation&mode=globe&terrain=land;elevation;8&camera=86,14,2600000,0,-48" },
  "viewer/cube.jpg": { hash: "dataset=ocean&variable=sst&mode=cube&block=-100,0,20,60,1,0,1" },
  "viewer/swipe.jpg": { hash: "dataset=ocean&variable=sst&time=2024-02-11T00:00:00Z&compare=swipe;time;2024-08-05T00:00:00Z;0.5&view=3/36.0000/-40.0000" },
  "viewer/picture.jpg": { hash: `dataset=ocean&variable=chl&${SUMMER}&view=3/30.0000/-30.0000`, act: (page) => page.locator("#tools-export button").first().click() },
  "viewer/status.jpg": { hash: `dataset=ocean&variable=sst&${SUMMER}`, act: openStatus },
  "viewer/phone.jpg": { hash: `dataset=ocean&variable=sst&${SUMMER}&theme=dark`, size: [390, 844], phone: true },
};

/** @param {string} name @returns {Scene["act"]} */
function openTab(name) {
  return (page) => page.getByRole("tab", { name }).click();
}

/** @param {import("playwright-core").Page} page */
async function openStatus(page) {
  const press = async () => {
    await page.locator("#user").click();
    await page.locator(".menu:popover-open .menu-item").first().click();
  };
  await press();
  await page.locator("#key").fill(process.env.TILESERVER_ADMIN_TOKEN ?? "");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#user.is-on");
  await page.waitForSelector("body[data-settled=true]");
  await press();
  await page.waitForSelector("dialog.status tbody tr");
}

const [, , base, folder = "docs", ...wanted] = process.argv;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
});
for (const [name, { hash, size = [1440, 900], phone = false, act }] of Object.entries(SCENES)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const [width, height] = size;
  const context = await browser.newContext({ viewport: { width, height }, hasTouch: phone, isMobile: phone, deviceScaleFactor: phone ? 2 : 1 });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${base}/#${hash}`);
  const settled = () => page.waitForSelector("body[data-settled=true]");
  await settled();
  if (act) await act(page);
  // Charts and panels come after the map: a moment of quiet of the network is theirs. One who has signed in listens on.
  if (act !== openStatus) await page.waitForLoadState("networkidle");
  await settled();
  await page.screenshot({ path: `${folder}/${name}`, ...(name.endsWith(".jpg") ? { type: "jpeg", quality: 85 } : {}) });
  await context.close();
}
await browser.close();
