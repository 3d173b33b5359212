/**
 * Makes docs/screenshot.png: the ocean of the demo with the series of a place, as a visitor sees it.
 *     node web/scripts/screenshot.js http://127.0.0.1:8080 docs/screenshot.png
 */
import { chromium } from "playwright-core";

const [, , base, file = "docs/screenshot.png"] = process.argv;
const PLACE = "-38.5,33";
const SETTLE_MS = 4000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(`${base}/#dataset=ocean&variable=sst&point=${PLACE}`);
await page.waitForSelector(".plot canvas");
await page.waitForTimeout(SETTLE_MS);
await page.screenshot({ path: file });
await browser.close();
