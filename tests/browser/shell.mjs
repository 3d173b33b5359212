/**
 * The page as a whole: its tabs, menus, keys, sheets, languages, embedding; and what axe-core says of it.
 *     node shell.mjs CHROMIUM BASE_URL BRANDED_URL EMPTY_URL FOLDER
 */
import { createServer } from "node:http";
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, branded, empty, folder] = process.argv;
const OCEAN = "#dataset=ocean&variable=sst";
const seen = { axe: {}, errors: [] };
const browser = await launch(chromium);

/** @param {string} address @param {Parameters<typeof openPage>[1]} [options] */
async function open(address, options) {
  const { page, log } = await openPage(browser, options);
  await page.goto(address);
  await settle(page);
  return { page, log, done: () => (seen.errors.push(...log.errors), page.context().close()) };
}

/** @param {import("playwright-core").Page} page @param {string} name */
async function examine(page, name) {
  seen.axe[name] = await violations(page);
  await page.screenshot({ path: `${folder}/${name}.png` });
}

/** @param {import("playwright-core").Page} page */
const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label") || document.activeElement?.textContent?.trim() || "");

async function useTabs() {
  const { page, done } = await open(`${base}/${OCEAN}`);
  await examine(page, "data");
  await page.getByRole("tab", { name: "Data" }).focus();
  await page.keyboard.press("ArrowRight");
  seen.tab = { focused: await focused(page), shown: await page.locator("#panel-layers").isVisible(), hidden: await page.locator("#panel-data").isVisible() };
  await examine(page, "layers");
  await page.locator("#style .ramp-button").click();
  await page.waitForSelector("#style [role=option]");
  await examine(page, "colormaps");
  await page.locator("#style .ramp-button").click();
  await page.getByRole("tab", { name: "Layers" }).focus();
  await page.keyboard.press("End");
  seen.tab.last = await focused(page);
  await page.waitForTimeout(300);
  await examine(page, "info");
  await page.keyboard.press("Home");
  seen.tab.first = await focused(page);
  await page.getByRole("button", { name: "Collapse the panel" }).click();
  await page.waitForTimeout(400);
  seen.collapsed = { height: (await page.locator("#panel").boundingBox()).height, legend: await page.locator("#legend").isVisible(), left: (await page.locator("#timebar").boundingBox()).x };
  await page.screenshot({ path: `${folder}/collapsed.png` });
  await done();
}

async function useKeys() {
  const { page, done } = await open(`${base}/${OCEAN}`);
  await page.keyboard.press("?");
  await page.waitForSelector("dialog.help");
  seen.help = await page.locator("dialog.help dt").count();
  await examine(page, "help");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.keyboard.press("Home");
  await settle(page);
  seen.home = await page.evaluate(() => location.hash);
  await page.keyboard.press("d");
  seen.dark = await page.evaluate(() => document.documentElement.dataset.theme);
  await page.keyboard.press("p");
  seen.folded = await page.locator("#panel-body").isVisible();
  await page.keyboard.press("/");
  seen.unfolded = await page.locator("#panel-body").isVisible();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Enter");
  await page.waitForSelector("#analysis:not([hidden])");
  await page.locator("body").press("Escape");
  seen.escaped = await page.locator("#analysis").isVisible();
  await done();
}

async function useSettings() {
  const { page, done } = await open(`${base}/${OCEAN}`, { dark: true });
  await examine(page, "dark");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.waitForSelector(".menu:popover-open");
  seen.menu = { focused: await focused(page), expanded: await page.getByRole("button", { name: "Settings" }).getAttribute("aria-expanded") };
  await examine(page, "settings");
  await page.keyboard.press("Escape");
  seen.menu.back = await focused(page);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("radio", { name: "Deutsch" }).click({ noWaitAfter: true });
  await page.waitForFunction(() => document.documentElement.lang === "de");
  await settle(page);
  seen.german = await page.evaluate(() => ({ hash: location.hash, tab: document.querySelector("[role=tab]").textContent, map: document.querySelector("#map").getAttribute("aria-label") }));
  await examine(page, "german");
  await page.evaluate(() => (location.hash = location.hash.replace("language=de", "language=en")));
  await page.waitForFunction(() => document.documentElement.lang === "en");
  await settle(page);
  seen.english = await page.locator("[role=tab]").first().textContent();
  await done();
}

async function useAnalysis() {
  const { page, done } = await open(`${base}/${OCEAN}`);
  await page.mouse.click(700, 450);
  await page.waitForSelector("#analysis:not([hidden])");
  await settle(page);
  await page.waitForTimeout(600);
  for (const tab of await page.locator("#analysis [role=tab]").all()) {
    await tab.click();
    await settle(page);
    await examine(page, `analysis-${(await tab.getAttribute("id")).split("-").at(-1)}`);
  }
  await done();
}

/** Opens each button of the tools that has a menu or a window. */
async function useTools() {
  const { page, done } = await open(`${base}/${OCEAN}`);
  const bars = page.locator("#tools, #timebar");
  const names = await bars.locator("button[aria-haspopup]:not([hidden])").evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label")));
  seen.tools = names;
  for (const name of names) {
    await bars.getByRole("button", { name, exact: true }).click();
    await page.waitForTimeout(300);
    await examine(page, `tool-${name.toLowerCase().replace(/\W+/g, "-")}`);
    await page.keyboard.press("Escape");
    await page.waitForTimeout(100);
  }
  await done();
}

async function useCube() {
  const { page, done } = await open(`${base}/${OCEAN}`, { dark: true });
  await page.locator(".mode", { hasText: "Cube" }).click();
  await settle(page);
  await examine(page, "cube");
  await page.keyboard.press("ArrowLeft");
  await settle(page);
  seen.cube = await page.evaluate(() => location.hash);
  await done();
}

/** Drags the sheet by its grip, as a finger does. @param {import("playwright-core").Page} page @param {number} by */
async function drag(page, by) {
  const { x, y, width } = await page.locator("#panel .sheet-grip").boundingBox();
  await page.mouse.move(x + width / 2, y + 12);
  await page.mouse.down();
  for (let step = 1; step <= 10; step++) {
    await page.mouse.move(x + width / 2, y + 12 - (by * step) / 10);
    await page.waitForTimeout(20);
  }
  await page.waitForTimeout(150);
  await page.mouse.up();
  await page.waitForTimeout(400);
}

async function useOnPhone() {
  const { page, done } = await open(`${base}/${OCEAN}`, { width: 360, height: 740, touch: true });
  const heights = async () => page.evaluate(() => ["panel", "timebar"].map((id) => document.getElementById(id).getBoundingClientRect()).map(({ top, bottom, height }) => ({ top, bottom, height })));
  seen.sheet = { peek: await heights() };
  await examine(page, "phone");
  seen.small = await page.evaluate(findSmall);
  await drag(page, 250);
  seen.sheet.half = await heights();
  await examine(page, "phone-half");
  seen.smallHalf = await page.evaluate(findSmall);
  await drag(page, 400);
  seen.sheet.full = await heights();
  await drag(page, -600);
  seen.sheet.back = await heights();
  seen.outside = await page.evaluate(findOutside);
  await page.touchscreen.tap(180, 300);
  await page.waitForSelector("#analysis:not([hidden])");
  await settle(page);
  await page.waitForTimeout(500);
  await examine(page, "phone-place");
  seen.outsidePlace = await page.evaluate(findOutside);
  seen.scroll = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
  await done();
}

/** Controls that a finger hits badly: below 44 pixels either way, or what a label around them gives. */
function findSmall() {
  const reach = (element) => (element.closest("label") ?? element).getBoundingClientRect();
  return [...document.querySelectorAll("#tools button, #tools label, #timebar button, .tab, .sheet-grip")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().width)
    .filter((element) => Math.min(reach(element).width, reach(element).height) < 43.5 && !element.matches(".sheet-grip"))
    .map((element) => `${element.getAttribute("aria-label") ?? element.textContent} ${Math.round(reach(element).width)} x ${Math.round(reach(element).height)}`);
}

/** Controls that are cut off by the window, and cannot be scrolled to. */
function findOutside() {
  return [...document.querySelectorAll("button, select, input, .card")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".analysis-body, .panel-scroll"))
    .map((element) => ({ name: element.getAttribute("aria-label") ?? element.id, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.left < 0 || box.right > innerWidth + 1 || box.top < 0 || box.bottom > innerHeight + 1))
    .map(({ name }) => name);
}

async function useEmbedded() {
  const outer = createServer((request, answer) => {
    answer.writeHead(200, { "Content-Type": "text/html" });
    answer.end(`<!doctype html><title>A site</title><link rel="icon" href="data:,"><iframe title="Map" width="640" height="420" style="border:0" src="${base}/?embed=1${OCEAN}"></iframe>
      <script>window.heard = []; addEventListener("message", ({ data }) => window.heard.push(data));</script>`);
  });
  await new Promise((resolve) => outer.listen(0, "127.0.0.1", resolve));
  const { page, log } = await openPage(browser, { width: 700, height: 460 });
  await page.goto(`http://127.0.0.1:${outer.address().port}/`);
  const frame = await (await page.locator("iframe[title=Map]").elementHandle()).contentFrame();
  await settle(frame);
  const shown = (selector) => frame.locator(selector).isVisible();
  seen.embed = {
    shown: Object.fromEntries(await Promise.all(["#legend", "#timebar", ".embed-link", "#tools", "#panel-body"].map(async (part) => [part, await shown(part)]))),
    link: await frame.locator(".embed-link").getAttribute("href"),
  };
  await page.screenshot({ path: `${folder}/embedded.png` });
  await page.mouse.click(400, 250);
  await page.waitForTimeout(300);
  seen.embed.places = await frame.locator(".place-marker").count();
  await page.waitForFunction(() => window.heard.length > 0);
  await page.evaluate(() => window.frames[0].postMessage({ target: "tileserver", type: "state", hash: "dataset=ocean&variable=chl" }, "*"));
  await page.waitForFunction(() => window.heard.at(-1).hash.includes("variable=chl"));
  await settle(frame);
  seen.embed.heard = await page.evaluate(() => window.heard.at(-1));
  seen.embed.title = await frame.locator("h1").textContent();
  seen.errors.push(...log.errors);
  await page.context().close();
  outer.closeAllConnections();
  outer.close();
}

async function useBranded() {
  const { page, done } = await open(`${branded}/`);
  seen.brand = await page.evaluate(() => ({
    title: document.querySelector(".brand").textContent,
    logo: document.querySelector(".panel-header img").src,
    accent: getComputedStyle(document.documentElement).getPropertyValue("--accent"),
    welcome: document.querySelector(".notice p").textContent,
    language: document.documentElement.lang,
  }));
  await examine(page, "branded");
  await page.getByRole("button", { name: "Ausblenden" }).click();
  await page.reload();
  await settle(page);
  seen.brand.again = await page.locator(".notice").count();
  await done();
}

async function meetTrouble() {
  const { page } = await openPage(browser);
  await page.goto(`${empty}/`);
  await page.waitForSelector(".panel-headline h1");
  await settle(page, () => !document.querySelector("#progress.is-busy"));
  seen.empty = await page.locator("h1").textContent();
  await examine(page, "empty");
  await page.goto(`${base}/#dataset=atlantis`);
  await page.waitForSelector(".notice p");
  seen.unknown = { notice: await page.locator(".notice p").textContent(), headline: await page.locator(".headline-trouble").textContent() };
  await examine(page, "unknown");
  await page.context().close();
  const { page: away } = await open(`${base}/#dataset=s2&view=6/-30/140`);
  seen.away = await away.locator(".pill").textContent();
  await examine(away, "no-data");
  await away.locator(".pill button").click();
  await settle(away);
  seen.found = await away.locator(".pill").isVisible();
  await away.context().setOffline(true);
  await away.waitForSelector(".notice.is-calm");
  await away.context().setOffline(false);
  await away.waitForSelector(".notice.is-calm", { state: "detached" });
  seen.online = true;
  await away.context().close();
}

/** Where a browser has no WebGL, the globe says so. */
async function missWebgl() {
  const { page } = await openPage(browser);
  await page.addInitScript(() => {
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...rest);
    };
  });
  await page.goto(`${base}/${OCEAN}&mode=globe`);
  await page.waitForSelector(".notice p");
  seen.noWebgl = { text: await page.locator(".notice p").textContent(), checked: await page.locator(".mode input:checked").getAttribute("value") };
  await page.context().close();
}

for (const part of [useTabs, useKeys, useSettings, useAnalysis, useTools, useCube, useOnPhone, useEmbedded, useBranded, meetTrouble, missWebgl]) {
  try {
    await part();
  } catch (error) {
    throw new Error(`${part.name}: ${error}`, { cause: error });
  }
}
await browser.close();
process.stdout.write(JSON.stringify(seen));
