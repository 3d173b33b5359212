/**
 * Looks through the catalogue, stacks layers, writes an expression, reads what is known of data.
 *     node data.mjs CHROMIUM BASE_URL FOLDER
 */
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const seen = { errors: [] };
const browser = await launch(chromium);

/** @param {string} hash @param {(page: import("playwright-core").Page, log: any) => Promise<void>} use */
async function visit(hash, use) {
  const { page, log } = await openPage(browser);
  await page.goto(`${base}/${hash}`);
  await settle(page);
  await use(page, log);
  seen.errors.push(...log.errors.filter((text) => !text.includes("400 (Bad Request)")));
  await page.context().close();
}

/** The layers that the link names, the lowest first. @param {import("playwright-core").Page} page */
const linked = (page) => page.evaluate(() => [...new URLSearchParams(location.hash.slice(1))].filter(([key]) => key === "variable").map(([, value]) => value));
/** @param {import("playwright-core").Page} page */
const rows = (page) => page.locator(".layer .choice-title").allTextContents();
/** @param {import("playwright-core").Page} page @param {string} name */
const tab = (page, name) => page.getByRole("tab", { name, exact: true }).click();

await visit("#dataset=ocean&variable=sst", async (page) => {
  seen.groups = await page.locator("#datasets .group h3").allTextContents();
  await page.waitForFunction(() => [...document.querySelectorAll(".thumbnail img")].every((image) => image.naturalWidth > 0));
  seen.pictures = await page.locator(".thumbnail img").count();
  await page.screenshot({ path: `${folder}/list.png` });
  await page.getByLabel("Find a dataset").fill("ice poly");
  seen.found = await page.locator("#datasets .choice-title").allTextContents();
  await page.getByLabel("Find a dataset").fill("atlantis");
  seen.missed = await page.locator("#datasets .empty").textContent();
  await page.getByLabel("Find a dataset").fill("");
  await page.locator("#variables .variable", { hasText: "anomaly" }).hover();
  await page.getByRole("button", { name: /^Add .*anomaly on top$/ }).click();
  await settle(page);
  seen.added = await linked(page);
});

await visit("#dataset=ocean&variable=sst&dataset=model&variable=msl", async (page, log) => {
  await tab(page, "Layers");
  await page.waitForSelector(".layer");
  seen.stack = await rows(page);
  await page.screenshot({ path: `${folder}/both.png` });
  await page.getByRole("button", { name: /^Hide Mean sea level/ }).click();
  await settle(page);
  await page.screenshot({ path: `${folder}/hidden.png` });
  const asked = log.requests.length;
  await page.getByRole("button", { name: /^Show Mean sea level/ }).click();
  await page.getByLabel(/^Opacity of Mean sea level/).fill("0");
  await settle(page);
  await page.screenshot({ path: `${folder}/transparent.png` });
  seen.askedForOpacity = log.requests.slice(asked).filter((address) => address.includes("/tiles/"));
  await page.getByRole("button", { name: /^Move Mean sea level/ }).focus();
  await page.keyboard.press("ArrowDown");
  await settle(page);
  seen.moved = { rows: await rows(page), linked: await linked(page), focused: await page.evaluate(() => document.activeElement.getAttribute("aria-label")) };
  const from = await page.locator(".layer").first().locator(".layer-grip").boundingBox();
  await page.mouse.move(from.x + 8, from.y + 8);
  await page.mouse.down();
  await page.mouse.move(from.x + 8, from.y + 150, { steps: 6 });
  await page.mouse.up();
  await settle(page);
  seen.dragged = await rows(page);
  await page.getByRole("button", { name: /^Remove Sea surface/ }).click();
  await settle(page);
  seen.removed = await linked(page);
});

await visit("#dataset=s2&variable=true_color", async (page, log) => {
  await page.getByRole("button", { name: /^Expression/ }).click();
  const field = page.locator("#expression-text");
  await field.pressSequentially("(b08 - b0");
  await page.waitForSelector(".completions [role=option]");
  seen.offered = await page.locator(".completions code").allTextContents();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  seen.completed = await field.inputValue();
  await page.waitForFunction(() => document.querySelector("#expression-text").ariaInvalid === "true" || document.querySelector("#expression-text").getAttribute("aria-invalid") === "true");
  seen.wrong = { text: await page.locator("#expression-note").textContent(), isOff: await page.getByRole("button", { name: "Show", exact: true }).isDisabled() };
  await page.screenshot({ path: `${folder}/expression.png` });
  await field.fill("(b08 - b04) / (b08 + b04)");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await settle(page);
  seen.expression = { title: await page.locator("h1").textContent(), hash: decodeURIComponent(await page.evaluate(() => location.hash)), tiles: log.requests.filter((address) => address.includes("/tiles/s2/_/") && address.includes("expression=")).length };
  await page.screenshot({ path: `${folder}/ndvi.png` });
});

await visit("#dataset=model&variable=t", async (page) => {
  await tab(page, "Layers");
  const level = page.getByRole("slider", { name: /level/i });
  seen.level = await level.getAttribute("aria-valuetext");
  await level.focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => location.hash.includes("level="));
  await settle(page);
  seen.nextLevel = { text: await level.getAttribute("aria-valuetext"), hash: await page.evaluate(() => location.hash) };
  await tab(page, "Info");
  await page.waitForSelector(".facts");
  seen.facts = await page.locator("#info dl").evaluateAll((lists) => lists.map((list) => Object.fromEntries([...list.querySelectorAll("dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]))));
  seen.code = {};
  for (const name of ["Python", "QGIS", "Leaflet", "curl"]) {
    await tab(page, name);
    seen.code[name] = await page.locator("#info pre:visible").textContent();
  }
  await page.screenshot({ path: `${folder}/info.png` });
});

await browser.close();
process.stdout.write(JSON.stringify(seen));
