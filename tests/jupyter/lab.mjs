/** The example in JupyterLab: `node lab.mjs CHROMIUM ADDRESS NOTEBOOK FOLDER`, prints facts, keeps pictures. */
import { join } from "node:path";

import { launch, openPage, settle } from "../browser/chromium.mjs";

const [, , executable, address, notebook, folder] = process.argv;
const LONG_MS = 90_000;
const browser = await launch(executable);
const { page, log } = await openPage(browser, { width: 1400, height: 1000 });

await page.goto(`${address}/lab/tree/${notebook}`);
await page.waitForFunction(() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 3, null, { timeout: LONG_MS });
await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.ready);
await page.evaluate(() => window.jupyterapp.commands.execute("notebook:run-all-cells"));
const frame = page.locator("iframe[title=warmth]");
await frame.waitFor({ timeout: LONG_MS });
await frame.scrollIntoViewIfNeeded();
const source = await frame.getAttribute("src");
const viewer = await (await frame.elementHandle()).contentFrame();
await viewer.waitForURL(/embed=1/);
await settle(viewer);
await page.waitForTimeout(500);
await frame.screenshot({ path: join(folder, "map.png") });
await page.screenshot({ path: join(folder, "lab.png") });
const told = await viewer.evaluate(() => document.body.innerText);
const tiles = log.requests.filter((url) => url.includes("/tiles/memory-"));
const failures = log.failures.filter((line) => line.includes("/proxy/"));
console.log(JSON.stringify({ source, told, tiles, failures }));
await browser.close();
