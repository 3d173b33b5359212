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
    notice: text(".notice p"),
    legend: document.querySelector("#legend")?.textContent ?? null,
    variables: [...document.querySelectorAll("#variables .choice-title")].map((row) => row.textContent),
    hash: location.hash,
    charts: document.querySelectorAll("#analysis .uplot canvas").length,
    width: document.documentElement.scrollWidth,
  };
});
/** @param {import("playwright-core").Page} page @param {string} name */
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });
/** @param {import("playwright-core").Page} page @param {string} name */
const tab = (page, name) => page.locator("#panel").getByRole("tab", { name, exact: true }).click();

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

  await tab(page, "Layers");
  await page.locator("#style .ramp-button").click();
  await page.locator("#style .picker input[type=search]").fill("plasma");
  await page.locator("#style [role=option]", { hasText: "plasma" }).first().click();
  await page.keyboard.press("Escape");
  await settle(page);
  seen.coloured = await read(page);
  await picture(page, "coloured");

  const series = page.waitForResponse((response) => response.url().includes("/timeseries/"));
  await page.mouse.click(560, 480);
  await series;
  await page.waitForSelector("#analysis .uplot canvas");
  await settle(page);
  seen.clicked = await read(page);
  await picture(page, "clicked");

  await page.keyboard.press(" ");
  await page.waitForFunction((from) => document.querySelector(".time-stamp .muted").textContent !== from, seen.clicked.step);
  await page.waitForTimeout(1500);
  await page.keyboard.press(" ");
  await settle(page);
  seen.played = await read(page);

  seen.restored = await reopen(page.url());
  await tab(page, "Data");
  await page.locator("#datasets .choice", { hasText: "Weather model" }).click();
  await page.locator("#variables .choice", { hasText: "Air temperature" }).click();
  await settle(page);
  seen.model = await read(page);

  await page.locator("#datasets .choice", { hasText: "Alpine valley" }).click();
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
  await tab(page, "Info");
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
  await page.waitForSelector("#analysis .uplot canvas");
  await settle(page);
  return { ...(await read(page)), errors: log.errors };
}

async function useOnPhone() {
  const { page, log } = await openPage(browser, { width: 390, height: 844, dark: true, touch: true });
  await page.goto(`${base}/#dataset=ocean&variable=sst`);
  await settle(page);
  await page.touchscreen.tap(120, 300);
  await page.waitForSelector("#analysis .uplot canvas");
  await settle(page);
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

/** Links that name what is not there, and datasets whose every word is HTML. */
async function useOddly() {
  const { page } = await openPage(browser);
  await page.goto(`${base}/#dataset=atlantis`);
  await page.waitForSelector(".notice p");
  seen.unknown = { ...(await read(page)), retry: await page.locator(".notice button", { hasText: "Try again" }).count() };
  const { page: other, log } = await openPage(browser);
  seen.odd = { texts: "", ran: [] };
  for (const hash of ["", "#dataset=hostile&variable=measured", "#dataset=hostile&variable=classes"]) {
    await other.goto(`${odd}/${hash}`);
    await other.reload();
    await settle(other);
    seen.odd.titles ??= await other.locator("#datasets .choice-title").allTextContents();
    seen.odd.error ??= await other.locator(".choice.is-error .choice-note").textContent();
    await lookEverywhere(other);
    seen.odd.texts += await other.evaluate(() => document.body.innerText + document.title);
    seen.odd.ran.push(await other.evaluate(() => Reflect.has(window, "ran") || document.querySelectorAll("img[src^=x], b, body script").length));
  }
  await picture(other, "odd");
  Object.assign(seen.odd, { errors: log.errors, hosts: [...log.hosts] });
}

/** Opens whatever shows what a dataset says. @param {import("playwright-core").Page} page */
async function lookEverywhere(page) {
  for (const tab of await page.locator("#panel [role=tab]").all()) {
    await tab.click();
    await page.waitForTimeout(250);
  }
  await page.mouse.move(720, 400);
  await page.waitForTimeout(200);
  await page.mouse.click(720, 400);
  await page.waitForSelector("#analysis:not([hidden])");
  for (const tab of await page.locator("#analysis [role=tab]").all()) {
    await tab.click();
    await settle(page);
  }
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
    // What has no end is given up with its reader; that it breaks off then is as it should be.
    asked.on("error", () => answer.destroy());
    answer.on("close", () => asked.destroy());
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
