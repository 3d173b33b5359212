/**
 * Time: the bar's track, slider, range and closer look, the calendar, and how it plays.
 *     node time.mjs CHROMIUM TIME_URL DEMO_URL FOLDER
 */
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, demo, folder] = process.argv;
const browser = await launch(chromium);
const seen = { errors: [], axe: {}, labels: {} };

/** @param {string} address @param {Parameters<typeof openPage>[1]} [options] */
async function open(address, options) {
  const { page, log } = await openPage(browser, options);
  await page.goto(address);
  await settle(page);
  return { page, log, done: () => (seen.errors.push(...log.errors, ...log.failures), page.context().close()) };
}

/** @param {import("playwright-core").Page} page */
const hashOf = (page) => page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
/** @param {import("playwright-core").Page} page */
const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
/** @param {import("playwright-core").Page} page */
const shownText = (page) => page.locator(".time-stamp strong").textContent();
/** @param {import("playwright-core").Page} page */
const counts = (page) => page.evaluate(() => ({ ...document.querySelector("#timebar").dataset }));

/** Goes elsewhere by a link, until the bar tells a moment. @param {import("playwright-core").Page} page @param {string} address @param {string} text */
async function goTo(page, address, text) {
  await page.goto(address);
  await page.waitForFunction((wanted) => document.querySelector(".time-stamp strong").textContent.includes(wanted), text);
  await settle(page);
}

/** Labels that lie over each other, or stick out of the bar. @param {import("playwright-core").Page} page @param {string} name */
async function lookAtLabels(page, name) {
  seen.labels[name] = await page.evaluate(() => {
    const bar = document.querySelector("#timebar").getBoundingClientRect();
    const boxes = [...document.querySelectorAll(".time-marks span:not([hidden])")].map((mark) => mark.getBoundingClientRect());
    return {
      texts: [...document.querySelectorAll(".time-marks span:not([hidden])")].map((mark) => mark.textContent),
      wrong: boxes.filter(({ right }, i) => right > bar.right || (boxes[i + 1] && right > boxes[i + 1].left + 1)).length,
    };
  });
}

async function play() {
  const { page, log, done } = await open(`${base}/#dataset=flat&variable=step&speed=10&time=2024-03-01`, { width: 900, height: 600 });
  await page.locator("#timebar").getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => Number(document.querySelector("#timebar").dataset.frames) >= 1);
  const [asked, start] = [log.requests.length, Date.now()];
  seen.moments = [];
  for (let i = 0; i < 8; i++) {
    await page.waitForTimeout(330);
    const name = `play-${i}`;
    await page.screenshot({ path: `${folder}/${name}.png` });
    seen.moments.push(name);
  }
  await page.waitForFunction(() => Number(document.querySelector("#timebar").dataset.frames) >= 50);
  seen.play = { ...(await counts(page)), ms: Date.now() - start, requests: log.requests.slice(asked).filter((address) => address.includes("/tiles/")).length };
  await page.keyboard.press("Space");
  await page.waitForTimeout(200);
  const paused = await shownText(page);
  await page.waitForTimeout(500);
  seen.paused = { before: paused, after: await shownText(page) };
  log.requests.length = 0;
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowLeft");
  await settle(page);
  seen.pausedRequests = log.requests.filter((address) => address.includes("/tiles/")).length;
  await done();
}

async function useRange() {
  const { page, done } = await open(`${base}/#dataset=flat&variable=step&speed=16&time=2024-03-05`, { width: 1000, height: 600 });
  const [start, end] = [page.getByRole("slider", { name: "Start of what is played" }), page.getByRole("slider", { name: "End of what is played" })];
  await start.focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
  const [handle, field] = [await end.boundingBox(), await page.locator(".time-field").boundingBox()];
  await page.mouse.move(handle.x + handle.width / 2, handle.y + 8);
  await page.mouse.down();
  await page.mouse.move(field.x + (field.width * 6.9) / 11, handle.y + 8, { steps: 6 });
  await page.mouse.up();
  await page.waitForTimeout(400);
  seen.range = { chosen: (await hashOf(page)).range, value: await end.getAttribute("aria-valuetext"), played: [] };
  await page.screenshot({ path: `${folder}/range.png` });
  await page.locator("#timebar").getByRole("button", { name: "Play" }).click();
  for (let i = 0; i < 12; i++) {
    await page.waitForTimeout(90);
    seen.range.played.push(await shownText(page));
  }
  await page.locator("#timebar").getByRole("button", { name: "Pause" }).click();
  await done();
}

async function lookCloser() {
  const { page, log, done } = await open(`${base}/#dataset=hours&variable=step`, { width: 1280, height: 600 });
  await lookAtLabels(page, "hours");
  const field = await page.locator(".time-field").boundingBox();
  await page.mouse.move(field.x + field.width * 0.5, field.y + 10);
  for (const name of ["closer", "closest", "nearest"]) {
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -120);
    await page.waitForTimeout(150);
    await lookAtLabels(page, name);
  }
  log.requests.length = 0;
  seen.smooth = await page.evaluate(async () => {
    const element = document.querySelector(".time-field");
    const { left, width } = element.getBoundingClientRect();
    const spent = [];
    for (let i = 0; i < 40; i++) {
      const begun = performance.now();
      element.dispatchEvent(new WheelEvent("wheel", { deltaY: i < 25 ? 120 : -60, clientX: left + width / 2, bubbles: true, cancelable: true }));
      spent.push(performance.now() - begun);
      await new Promise(requestAnimationFrame);
    }
    return spent.sort((a, b) => a - b)[20];
  });
  seen.zoomRequests = log.requests.length;
  await done();
}

async function useAxes() {
  const { page, done } = await open(`${base}/#dataset=gaps&variable=step&time=2024-01-20`, { width: 1280, height: 600 });
  await lookAtLabels(page, "gaps");
  seen.gaps = await page.evaluate(() => {
    const canvas = document.querySelector(".time-track");
    const { data, width } = canvas.getContext("2d").getImageData(0, 3, canvas.width, 1);
    const isFilled = (from, to) => Array.from({ length: width }, (_, x) => x).some((x) => x > from * width && x < to * width && data[4 * x + 3] > 0);
    const slider = document.querySelector(".time-slider");
    return { first: isFilled(0, 9.4 / 29), gap: isFilled(9.6 / 29, 18.8 / 29), last: isFilled(18.9 / 29, 1), slider: slider.value / slider.max, text: slider.getAttribute("aria-valuetext") };
  });
  await goTo(page, `${base}/#dataset=years&variable=step`, "2049");
  await lookAtLabels(page, "years");
  await goTo(page, `${base}/#dataset=single&variable=step`, "1 Mar 2024");
  seen.single = { text: await shownText(page), controls: await page.locator(".time-controls").isVisible(), axis: await page.locator(".time-axis").isVisible() };
  await page.goto(`${demo}/#dataset=land&variable=elevation`);
  await settle(page);
  seen.without = await page.locator("#timebar").isVisible();
  await done();
}

async function useCalendar() {
  const { page, done } = await open(`${base}/#dataset=model&variable=step&time=2001-02-28`);
  await lookAtLabels(page, "model");
  await page.getByRole("button", { name: "Choose a date" }).click();
  await page.waitForSelector(".chooser");
  seen.calendar = { focused: await focused(page), days: await page.locator("[role=gridcell]:not(span)").count(), weekdays: await page.locator("[role=columnheader]").count() };
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await settle(page);
  seen.calendar.thirtieth = { time: (await hashOf(page)).time, text: await shownText(page), focused: await focused(page) };
  await page.keyboard.press("ArrowRight");
  seen.calendar.next = await focused(page);
  await page.keyboard.press("PageUp");
  seen.calendar.pageUp = await focused(page);
  seen.axe.calendar = await violations(page);
  await page.screenshot({ path: `${folder}/calendar.png` });
  await page.getByLabel("Type a date").fill("nonsense");
  await page.keyboard.press("Enter");
  seen.calendar.refused = await page.locator(".chooser [role=alert]").textContent();
  await page.getByLabel("Type a date").fill("2001-03-15");
  await page.keyboard.press("Enter");
  await settle(page);
  seen.calendar.typed = (await hashOf(page)).time;
  await page.getByRole("radio", { name: "Stretch of time" }).check();
  for (const day of ["10 Mar 2001", "5 Mar 2001"]) await page.getByRole("gridcell", { name: day, exact: true }).click();
  await page.getByRole("button", { name: "First", exact: true }).press("Enter");
  await settle(page);
  seen.calendar.range = (await hashOf(page)).range;
  seen.calendar.first = (await hashOf(page)).time;
  await page.keyboard.press("Escape");
  seen.calendar.left = await focused(page);
  await goTo(page, `${base}/#dataset=hours&variable=step&time=2015-06-15T13:00:00Z`, "13:00");
  await page.getByRole("button", { name: "Choose a date" }).click();
  await page.getByRole("button", { name: "14:00" }).click();
  await page.locator(".calendar-title").click();
  await page.locator(".calendar-title").click();
  await page.getByRole("gridcell", { name: "2012" }).click();
  await page.getByRole("gridcell", { name: "Feb 2012" }).click();
  await page.getByRole("gridcell", { name: "29 Feb 2012" }).click();
  await settle(page);
  seen.calendar.hour = (await hashOf(page)).time;
  await done();
}

async function useOwnTime() {
  const { page, done } = await open(`${base}/#dataset=gaps&variable=step&dataset=flat&variable=step&time=2024-03-05`);
  await page.getByRole("button", { name: "Speed and range" }).click();
  await page.getByRole("radio", { name: "This layer alone" }).check();
  await page.keyboard.press("Escape");
  await page.locator("#timebar").getByRole("button", { name: "Next step" }).click();
  await settle(page);
  seen.own = { ...(await hashOf(page)), stamp: await page.locator(".time-stamp").textContent() };
  seen.rows = await page.locator(".time-track").evaluate((canvas) => canvas.clientHeight);
  await done();
}

async function useOnPhone() {
  const { page, done } = await open(`${base}/#dataset=flat&variable=step`, { width: 360, height: 740, touch: true });
  seen.phone = { height: (await page.locator("#timebar").boundingBox()).height };
  await page.getByRole("button", { name: "Choose a date" }).tap();
  await page.waitForSelector(".chooser");
  const box = await page.locator(".menu:popover-open").boundingBox();
  seen.phone.calendar = [box.x, box.y, box.x + box.width, box.y + box.height];
  await page.screenshot({ path: `${folder}/phone.png` });
  await done();
}

// What is measured goes alone.
await play();
await lookCloser();
await Promise.all([useRange(), useAxes(), useCalendar(), useOwnTime(), useOnPhone()]);
await browser.close();
console.log(JSON.stringify(seen));
