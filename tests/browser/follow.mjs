/**
 * A cube that grows while one looks on; layers that are too fine for the view.
 *     node follow.mjs CHROMIUM GROWING_URL FINE_URL DESK KEY FOLDER
 * A step is added whenever a file `step-N` comes to lie on the desk. Who looks elsewhere has signed in.
 */
import { writeFileSync } from "node:fs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, growing, fine, desk, key, folder] = process.argv;
const browser = await launch(chromium);
const seen = { errors: [], notices: {}, stamps: {}, tiles: {} };

/** @param {string} address @param {Parameters<typeof openPage>[1]} [options] */
async function open(address, options) {
  const { page, log } = await openPage(browser, options);
  await page.goto(address);
  await settle(page);
  return { page, log, done: () => (seen.errors.push(...log.errors), page.context().close()) };
}

/** @param {number} step */
const add = (step) => writeFileSync(`${desk}/step-${step}`, "");
/** @param {import("playwright-core").Page} page */
const notice = (page) => page.locator(".notice.is-calm p").last().textContent();
/** @param {import("playwright-core").Page} page @param {string} text */
const stampSays = (page, text) => page.waitForFunction((wanted) => document.querySelector(".time-stamp")?.textContent.includes(wanted), text);
/** @param {import("playwright-core").Page} page */
const stamp = (page) => page.locator(".time-stamp").textContent();

async function stayAtLatest() {
  const { page, log, done } = await open(`${growing}/#dataset=d&variable=level&language=en&view=1/10/0`, { width: 1000, height: 700 });
  seen.stamps.before = await stamp(page);
  await page.screenshot({ path: `${folder}/before.png` });
  log.requests.length = 0;
  add(2);
  await stampSays(page, "3 / 3");
  await settle(page);
  seen.stamps.latest = await stamp(page);
  seen.notices.latest = await notice(page);
  const versions = log.requests.filter((address) => address.includes("/tiles/")).map((address) => new URL(address).searchParams.get("version"));
  seen.tiles = { count: versions.length, versions: [...new Set(versions)] };
  await page.screenshot({ path: `${folder}/after.png` });
  await done();
}

/** @param {import("playwright-core").Page} page */
async function signIn(page) {
  await page.locator("#user").click();
  await page.getByRole("button", { name: "Anmelden …" }).click();
  await page.locator("#key").fill(key);
  await page.keyboard.press("Enter");
  const events = await page.waitForRequest((request) => request.url().endsWith("/events"));
  await page.waitForFunction(() => document.querySelector("#user")?.classList.contains("is-on"));
  await settle(page);
  seen.authorization = (await events.allHeaders()).authorization;
}

async function stayElsewhere() {
  const { page, done } = await open(`${growing}/#dataset=d&variable=level&language=de&time=2024-01-01&view=1/10/0`, { width: 1000, height: 700 });
  await signIn(page);
  add(3);
  await stampSays(page, "1 / 4");
  await page.locator(".notice.is-calm p").waitFor();
  await settle(page);
  seen.stamps.elsewhere = await stamp(page);
  seen.notices.elsewhere = await notice(page);
  await page.screenshot({ path: `${folder}/elsewhere.png` });
  await page.getByRole("button", { name: "Anzeigen" }).click();
  await stampSays(page, "4 / 4");
  await settle(page);
  seen.stamps.shown = await stamp(page);
  await done();
}

/** @param {string} language @param {string} button */
async function zoomIn(language, button) {
  const { page, done } = await open(`${fine}/#dataset=d&variable=level&language=${language}&view=1/10/0`, { width: 1000, height: 700 });
  await page.getByRole("button", { name: button }).last().waitFor();
  seen.notices[language] = await notice(page);
  await page.screenshot({ path: `${folder}/over-${language}.png` });
  await page.locator(".notice").getByRole("button", { name: button }).click();
  await page.waitForFunction(() => !document.querySelector(".notice.is-calm"));
  await settle(page);
  const zoomed = await page.waitForFunction(() => {
    const zoom = Number(new URLSearchParams(location.hash.slice(1)).get("view").split("/")[0]);
    return zoom !== 1 && zoom;
  });
  seen[`zoom-${language}`] = await zoomed.jsonValue();
  await page.screenshot({ path: `${folder}/zoomed-${language}.png` });
  await done();
}

await stayAtLatest();
await stayElsewhere();
await zoomIn("en", "Zoom in");
await zoomIn("de", "Hineinzoomen");
await browser.close();
console.log(JSON.stringify(seen));
