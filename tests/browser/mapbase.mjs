/**
 * Looks at basemaps of other hosts, which are stood in for here; prints facts as JSON.
 *     node mapbase.mjs CHROMIUM BASE_URL FOLDER
 */
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const seen = {};
const browser = await launch(chromium);
/** One pixel: red. */
const RED = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==", "base64");

try {
  const { page, log } = await openPage(browser, { width: 900, height: 600 });
  await page.route("https://tiles.example.test/**", (route) => route.fulfill({ body: RED, contentType: "image/png", headers: { "Access-Control-Allow-Origin": "*" } }));
  await page.goto(`${base}/#dataset=ocean&variable=sst&view=4/10.0000/10.0000`);
  await settle(page);
  seen.attribution = await page.locator(".leaflet-control-attribution").textContent();
  seen.markup = await page.locator(".leaflet-control-attribution b").count();
  seen.asked = log.requests.filter((address) => address.includes("example.test"));
  await page.evaluate(() => document.getElementById("panel").remove());
  await page.screenshot({ path: `${folder}/online.png` });
  await page.evaluate(() => (location.hash = "dataset=ocean&variable=sst&view=4/10.0000/10.0000&basemap=offline"));
  await page.waitForTimeout(60);
  await settle(page);
  seen.offline = await page.locator(".leaflet-control-attribution").textContent();
  await page.screenshot({ path: `${folder}/offline.png` });
  seen.errors = log.errors;
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
