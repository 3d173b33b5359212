/**
 * Looks about on a server that lets a client ask a few times a second.
 *     node patience.mjs CHROMIUM BASE_URL FOLDER
 */
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const browser = await launch(chromium);
const { page, log } = await openPage(browser);
await page.goto(`${base}/#dataset=ocean&variable=sst&language=en&view=3/20/-40`);
await settle(page);
for (const key of ["+", "-"]) {
  await page.keyboard.press(key);
  await settle(page);
}
await page.screenshot({ path: `${folder}/whole.png` });
const notices = await page.locator(".notice").allTextContents();
await browser.close();
process.stdout.write(JSON.stringify({ notices, refused: log.failures.filter((line) => line.startsWith("429 ")).length, others: log.failures.filter((line) => !line.startsWith("429 ")) }));
