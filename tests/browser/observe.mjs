/**
 * Uses the viewer as people do, and prints what was seen as JSON; pictures go to a folder.
 *     node observe.mjs CHROMIUM BASE_URL ODD_URL FOLDER
 */
import { createServer, request } from "node:http";
import { REMOTE, launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, odd, folder] = process.argv;
const seen = {};
const browser = await launch(chromium);

/** @param {import("playwright-core").Page} page */
const read = (page) => page.evaluate(() => {
  const text = (selector) => document.querySelector(selector)?.textContent.trim() ?? null;
  return {
    title: text("h1"),
    dataset: text(".panel-headline p"),
    time: text(".time-stamp strong"),
    step: text(".time-stamp .muted"),
    reading: text(".reading strong"),
    place: text(".inspector-title > .muted"),
    notice: text(".notice p"),
    ticks: [...document.querySelectorAll(".legend-tick")].map((tick) => tick.textContent),
    bands: [...document.querySelectorAll(".legend-bands li")].map((band) => band.textContent),
    variables: [...document.querySelectorAll("#panel section[aria-label=Variable] .choice-title")].map((row) => row.textContent),
    colours: document.querySelector(".ramp-button")?.dataset.name ?? null,
    hash: location.hash,
    tile: document.querySelector(".leaflet-data-pane .leaflet-layer:last-child img")?.getAttribute("src") ?? null,
    chart: document.querySelectorAll(".plot canvas").length,
    width: document.documentElement.scrollWidth,
  };
});
/** @param {import("playwright-core").Page} page @param {string} name */
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });

async function useOnDesktop() {
  const { page, log } = await openPage(browser);
  await page.goto(`${base}/`);
  await settle(page);
  seen.opened = await read(page);
  await picture(page, "opened");

  await page.getByRole("button", { name: /^Sea surface temperature\b(?! anomaly)/ }).click();
  await settle(page);
  seen.variable = await read(page);
  await picture(page, "variable");

  await page.keyboard.press("ArrowLeft");
  await settle(page);
  seen.stepped = await read(page);
  await picture(page, "stepped");

  await page.getByLabel(/^Colours:/).click();
  await page.getByLabel("Find a colour map").fill("plasma");
  await page.getByRole("option", { name: "plasma" }).click();
  await settle(page);
  seen.coloured = await read(page);
  await picture(page, "coloured");

  const series = page.waitForResponse((response) => response.url().includes("/timeseries/"));
  await page.mouse.click(560, 480);
  seen.series = await (await series).json();
  await page.waitForSelector(".plot canvas");
  await page.waitForFunction(() => document.querySelector(".reading strong")?.textContent);
  await page.waitForTimeout(400);
  seen.clicked = await read(page);
  await picture(page, "clicked");

  const over = await page.locator(".plot .u-over").boundingBox();
  await page.mouse.click(over.x + 1, over.y + over.height / 2);
  await settle(page);
  seen.jumped = await read(page);

  await page.keyboard.press(" ");
  await page.waitForFunction((from) => document.querySelector(".time-stamp .muted").textContent !== from, seen.jumped.step);
  await page.waitForFunction(() => Number(document.querySelector(".time-slider").value) >= 3);
  await page.keyboard.press(" ");
  await settle(page);
  seen.played = await read(page);

  seen.restored = await reopen(page.url());
  await page.locator("#panel section[aria-label=Dataset] button", { hasText: "Weather model" }).click();
  await page.getByRole("button", { name: /^Air temperature/ }).click();
  await settle(page);
  seen.model = await read(page);
  await page.getByRole("combobox", { name: /level/i }).selectOption({ index: 1 });
  await settle(page);
  seen.level = await read(page);

  await page.locator("#panel section[aria-label=Dataset] button", { hasText: "Alpine valley" }).click();
  await settle(page);
  seen.switched = await read(page);
  await picture(page, "switched");

  await page.goBack();
  await settle(page);
  seen.back = await read(page);
  seen.log = { errors: log.errors, failures: log.failures, hosts: [...log.hosts] };
}

/** Takes addresses out of the panel, on a page that has come by plain HTTP from another machine. */
async function takeElsewhere() {
  const { page, log } = await openPage(browser);
  await page.goto(`${base.replace("127.0.0.1", REMOTE)}/#dataset=ocean&variable=sst&colormap=viridis&rescale=0,30`);
  await settle(page);
  await page.locator("summary", { hasText: "Use elsewhere" }).press("Enter");
  await page.waitForSelector(".services input");
  await picture(page, "elsewhere");
  const fields = page.locator(".services input");
  const values = () => fields.evaluateAll((inputs) => Object.fromEntries(inputs.map(({ ariaLabel, value }) => [ariaLabel, value])));
  const addresses = await values();
  await page.getByLabel("Copy the address: XYZ tiles").press("Enter");
  const focused = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  const told = await page.locator("[data-tip]").getAttribute("data-tip");
  const pasted = await paste(page);
  const download = page.waitForEvent("download");
  await page.getByLabel("Download: GDAL").click();
  const file = (await download).suggestedFilename();
  await page.keyboard.press("ArrowLeft");
  await settle(page);
  seen.elsewhere = { addresses, focused, told, pasted, file, stepped: await values(), errors: log.errors };
}

/** What the clipboard holds, as a text field gets it. @param {import("playwright-core").Page} page */
async function paste(page) {
  await page.evaluate(() => document.body.append(Object.assign(document.createElement("textarea"), { id: "paste" })));
  await page.locator("#paste").press("Control+V");
  return page.evaluate(() => {
    const field = document.querySelector("#paste");
    field.remove();
    return field.value;
  });
}

/** What another person sees who follows the link. @param {string} url */
async function reopen(url) {
  const { page, log } = await openPage(browser);
  await page.goto(url);
  await settle(page);
  await page.waitForSelector(".plot canvas");
  await page.waitForTimeout(400);
  return { ...(await read(page)), errors: log.errors };
}

async function useOnPhone() {
  const { page, log } = await openPage(browser, { width: 390, height: 844, dark: true, touch: true });
  await page.goto(`${base}/#dataset=ocean&variable=sst&point=-30,10`);
  await settle(page);
  await page.waitForSelector(".plot canvas");
  seen.phone = { ...(await read(page)), errors: log.errors, outside: await page.evaluate(findOutside) };
  seen.phone.background = await page.evaluate(() => getComputedStyle(document.querySelector("#timebar")).backgroundColor);
  await picture(page, "phone");
}

/** Controls that are cut off by the window. */
function findOutside() {
  return [...document.querySelectorAll("button, select, input, .card")]
    .map((element) => ({ name: element.getAttribute("aria-label") ?? element.id, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.left < 0 || box.right > innerWidth + 1 || box.top < 0 || box.bottom > innerHeight + 1))
    .filter(({ box }) => box.top < innerHeight)
    .map(({ name }) => name);
}

/** Links that name what is not there, and datasets with odd titles or errors. */
async function useOddly() {
  const { page } = await openPage(browser);
  await page.goto(`${base}/#dataset=atlantis`);
  await page.waitForSelector(".notice p");
  seen.unknown = { ...(await read(page)), retry: await page.locator(".notice button", { hasText: "Try again" }).count() };
  await page.goto(`${odd}/`);
  await settle(page);
  seen.odd = await page.evaluate(() => ({
    titles: [...document.querySelectorAll("#panel section[aria-label=Dataset] .choice-title")].map((row) => row.textContent),
    error: document.querySelector(".choice.is-error .choice-note")?.textContent,
    images: document.querySelectorAll("img[src=x]").length,
    ran: Reflect.has(window, "ran"),
  }));
}

/** Behind a proxy that adds a path. */
async function useBehindProxy() {
  const prefix = "/proxy/8080";
  const proxy = createServer((incoming, answer) => {
    if (!incoming.url.startsWith(prefix)) return void answer.writeHead(404).end();
    const asked = request(new URL(base + incoming.url.slice(prefix.length)), { method: incoming.method }, (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    asked.end();
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { page, log } = await openPage(browser);
  await page.goto(`http://127.0.0.1:${proxy.address().port}${prefix}/`);
  await settle(page);
  seen.proxied = { ...(await read(page)), ...log, hosts: [...log.hosts] };
  await page.context().close();
  proxy.closeAllConnections();
  proxy.close();
}

async function readDocs() {
  const { page, log } = await openPage(browser);
  await page.goto(`${base}/docs`);
  await page.waitForSelector(".operation");
  seen.docs = {
    paths: await page.locator(".operation-header code").allTextContents(),
    headings: await page.locator("h2.tag").allTextContents(),
    tries: await page.locator(".try a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))),
    errors: log.errors,
  };
}

for (const part of [useOnDesktop, takeElsewhere, useOnPhone, useOddly, useBehindProxy, readDocs]) await part();
await browser.close();
process.stdout.write(JSON.stringify(seen));
