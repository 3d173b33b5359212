/**
 * Signs in to the viewer, rightly and wrongly, and out of it, and notes where the key has been.
 *     node access.mjs CHROMIUM BASE_URL KEY OTHER_KEY SHORT_KEY REVOKE_FILE FOLDER
 * The server takes SHORT_KEY until a file lies at REVOKE_FILE.
 */
import { writeFileSync } from "node:fs";
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, key, otherKey, shortKey, revokeFile, folder] = process.argv;
const PRIVATE = "#dataset=private&variable=sst&language=en";
const browser = await launch(chromium);
const seen = { axe: {}, errors: [] };

/** @param {string} address @param {Parameters<typeof openPage>[1]} [options] */
async function open(address, options) {
  const { page, log } = await openPage(browser, options);
  const sent = [];
  page.on("request", (request) => request.allHeaders().then((headers) => sent.push([request.url(), headers.authorization ?? null, request.resourceType()]), () => {}));
  await page.goto(address);
  return { page, log, sent, done: () => (seen.errors.push(...log.errors), page.context().close()) };
}

/** @param {import("playwright-core").Page} page @param {string} text */
async function signIn(page, text) {
  await page.locator("dialog.sign-in #key").fill(text);
  await page.locator("dialog.sign-in button[type=submit]").click({ noWaitAfter: true });
}

/** Until the page has begun anew with the key, or without one. @param {import("playwright-core").Page} page @param {boolean} isOn */
async function begun(page, isOn) {
  await page.waitForFunction((on) => !document.querySelector("dialog") && document.querySelector("#user")?.classList.contains("is-on") === on, isOn);
  await settle(page);
}

/** @param {import("playwright-core").Page} page */
const datasets = (page) => page.locator("#datasets .choice-title").allTextContents();
/** @param {import("playwright-core").Page} page */
const heading = (page) => page.locator(".panel-headline p").textContent();
/** @param {import("playwright-core").Page} page @param {string} name */
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });

async function signInAndOut() {
  const { page, sent, done } = await open(`${base}/${PRIVATE}`);
  await page.waitForSelector("dialog.sign-in");
  seen.asked = { reason: await page.locator(".sign-in-reason").textContent(), datasets: await datasets(page), focused: await page.evaluate(() => document.activeElement.id) };
  seen.axe.asked = await violations(page);
  await picture(page, "asked");
  await signIn(page, "ts_0123456789abcdef_wrong");
  await page.waitForSelector(".sign-in-trouble:not(:empty)");
  seen.wrong = await page.locator(".sign-in-trouble").textContent();
  await signIn(page, key);
  await begun(page, true);
  seen.shown = { heading: await heading(page), datasets: await datasets(page) };
  await picture(page, "shown");
  await page.waitForFunction(() => [...document.querySelectorAll("#datasets .thumbnail img")].every(({ complete, naturalWidth }) => complete && naturalWidth > 0));
  seen.thumbnails = await page.locator("#datasets .thumbnail img").evaluateAll((images) => images.map(({ src }) => src.split(":")[0]));
  await page.getByRole("tab", { name: "Info" }).click();
  const download = page.waitForEvent("download");
  await page.getByLabel("Download: QGIS layer").click();
  seen.file = (await download).suggestedFilename();
  const addresses = () => page.locator(".services input").evaluateAll((inputs) => inputs.map(({ value }) => value));
  const plain = await addresses();
  await page.getByRole("button", { name: "Make addresses without a key" }).click();
  await page.waitForFunction(() => [...document.querySelectorAll(".services input")].every(({ value }) => value.includes("/signed/")));
  seen.signed = { plain, addresses: await addresses(), note: await page.locator(".signing p").textContent(), code: await page.locator("#code-curl").textContent() };
  seen.axe.signed = await violations(page);
  await picture(page, "signed");
  await page.mouse.click(640, 420);
  await page.waitForSelector("#analysis .uplot canvas");
  await page.getByLabel("Copy a link to this view").click();
  await page.locator("#user").click();
  seen.menu = await page.locator(".menu:popover-open").innerText();
  seen.axe.menu = await violations(page);
  await picture(page, "menu");
  seen.kept = await page.evaluate((secret) => ({
    hash: location.href.includes(secret), html: document.documentElement.outerHTML.includes(secret), cookie: document.cookie,
    local: JSON.stringify(localStorage).includes(secret), session: JSON.stringify(sessionStorage).includes(secret), history: JSON.stringify(history.state ?? "").includes(secret),
  }), key);
  await page.getByRole("button", { name: "Sign out" }).click({ noWaitAfter: true });
  await page.waitForSelector("dialog.sign-in");
  await page.keyboard.press("Escape");
  seen.again = await page.locator(".panel-headline button").textContent();
  await page.locator(".panel-headline button").click();
  await page.waitForSelector("dialog.sign-in");
  seen.out = { datasets: await datasets(page), session: await page.evaluate(() => Object.keys(sessionStorage)) };
  seen.sent = { addresses: sent.filter(([address]) => address.includes(key)).length, kinds: kindsOf(sent) };
  await done();
}

/** What was asked for with the key, and what of the private dataset without one. @param {[string, string | null, string][]} sent */
function kindsOf(sent) {
  const parts = [["tiles", "/tiles/"], ["events", "/events"], ["series", "/timeseries/"], ["thumbnail", "/wms/"], ["detail", "/datasets/private?"], ["file", ".qlr"], ["static", "/static/"]];
  return Object.fromEntries(parts.map(([name, part]) => [name, sent.filter(([address, header]) => `${address}?`.includes(part) && header === `Bearer ${key}`).length]));
}

/** Also what is drawn by the server, and the globe. */
async function lookOtherwise() {
  const { page, log, done } = await open(`${base}/?webgl=off${PRIVATE}`, { width: 900, height: 600 });
  await page.waitForSelector("dialog.sign-in");
  log.failures.length = 0;
  await signIn(page, key);
  await begun(page, true);
  await picture(page, "drawn");
  seen.drawn = { failures: log.failures.slice(), heading: await heading(page) };
  await done();
}

/** The viewer itself below a signed address, without a key. */
async function followSignature() {
  const below = /^.*\/signed\/[^/]+/.exec(seen.signed.addresses[0])[0];
  const { page, log, done } = await open(`${below}/${PRIVATE}`);
  await settle(page);
  const asked = log.requests.map((address) => address.startsWith(`${below}/`));
  seen.below = { heading: await heading(page), dialogs: await page.locator("dialog").count(), failures: log.failures, stays: asked.every(Boolean), count: asked.length };
  await picture(page, "below");
  await done();
}

async function seeAnotherRole() {
  const { page, done } = await open(`${base}/${PRIVATE}`, { width: 600, height: 500 });
  await page.waitForSelector("dialog.sign-in");
  await signIn(page, otherKey);
  await page.waitForFunction(() => document.querySelector("#user")?.classList.contains("is-on") && document.querySelector(".notice p"));
  seen.forbidden = await page.locator(".notice p").first().textContent();
  seen.forbiddenDialog = await page.locator("dialog").count();
  await done();
}

async function loseKey() {
  const { page, done } = await open(`${base}/#dataset=public&variable=sst&language=de`, { width: 390, height: 780, touch: true, dark: true });
  await settle(page);
  await page.locator("#user").tap();
  seen.german = await page.locator(".menu:popover-open").innerText();
  await page.getByRole("button", { name: "Anmelden …" }).tap();
  await page.waitForSelector("dialog.sign-in");
  seen.axe.phone = await violations(page);
  seen.width = await page.evaluate(() => document.documentElement.scrollWidth);
  await picture(page, "phone");
  await page.locator("dialog.sign-in button[aria-pressed], dialog.sign-in .range .icon-button").first().tap();
  seen.revealed = await page.locator("dialog.sign-in #key").getAttribute("type");
  await signIn(page, shortKey);
  await begun(page, true);
  writeFileSync(revokeFile, "");
  await page.waitForTimeout(2500);
  await page.evaluate(() => document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true })) && document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true })));
  await page.waitForSelector("dialog.sign-in");
  seen.lost = await page.locator(".sign-in-reason").textContent();
  await page.keyboard.press("Escape");
  await begun(page, false);
  seen.after = await heading(page);
  await done();
}

for (const part of [signInAndOut, followSignature, lookOtherwise, seeAnotherRole, loseKey]) await part();
await browser.close();
process.stdout.write(JSON.stringify(seen));
