/**
 * Cuts open and turns the space-time cube.
 *     node cube.mjs CHROMIUM BASE_URL FOLDER
 */
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, folder] = process.argv;
const seen = { errors: [] };
const browser = await launch(chromium);

/** @param {string} hash @param {Parameters<typeof openPage>[1]} [options] */
async function open(hash, options) {
  const { page, log } = await openPage(browser, options);
  await page.goto(`${base}/#${hash}`);
  await settle(page);
  return { page, log, done: () => (seen.errors.push(...log.errors), page.context().close()) };
}

/** The middle of a face on the window. @param {import("playwright-core").Page} page @param {string} name */
async function middleOf(page, name) {
  const { x, y, width, height } = await page.locator(`.cube-face.is-${name}`).boundingBox();
  return [x + width / 2, y + height / 2];
}

/** Colours of a face's cells, as they are on its canvas. @param {import("playwright-core").Page} page @param {string} name */
const cells = (page, name) => page.locator(`.cube-face.is-${name}`).evaluate((canvas) => ({
  width: canvas.width, height: canvas.height, rgba: [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data],
}));

/** @param {import("playwright-core").Page} page */
const words = (page) => page.locator(".cube-axis output").allTextContents();

/** @param {import("playwright-core").Page} page */
const hashOf = (page) => page.evaluate(() => decodeURIComponent(location.hash));

async function cut() {
  const { page, log, done } = await open("dataset=ocean&variable=sst&mode=cube&block=-60,-40,0,20,1,0,1");
  seen.asked = log.requests.filter((address) => address.includes("/coverage/"));
  seen.front = await cells(page, "front");
  seen.right = await cells(page, "right");
  seen.words = await words(page);
  await page.screenshot({ path: `${folder}/whole.png` });

  const [x, y] = await middleOf(page, "front");
  await page.mouse.move(x, y);
  await page.waitForSelector("#cube .readout:not([hidden])");
  seen.hover = await page.locator("#cube .readout p").allTextContents();

  const asked = log.requests.length;
  const [rx, ry] = await middleOf(page, "right");
  await page.mouse.move(rx, ry);
  await page.mouse.down();
  await page.mouse.move(rx - 90, ry, { steps: 5 });
  await page.mouse.up();
  await page.waitForTimeout(300);
  seen.dragged = { words: await words(page), hash: await hashOf(page) };
  seen.axe = await violations(page);
  await page.screenshot({ path: `${folder}/cut.png` });

  await page.locator(".cube-axis input").first().press("ArrowLeft");
  await page.getByRole("slider", { name: "Latitude" }).press("ArrowLeft");
  await page.waitForTimeout(300);
  seen.pressed = { words: await words(page), hash: await hashOf(page) };

  const before = await page.locator(".cube-solid").evaluate((solid) => solid.style.transform);
  await page.mouse.move(420, 640);
  await page.mouse.down();
  await page.mouse.move(520, 620, { steps: 4 });
  await page.mouse.up();
  seen.turned = [before, await page.locator(".cube-solid").evaluate((solid) => solid.style.transform)];
  seen.askedLater = log.requests.slice(asked).filter((address) => /tiles|coverage/.test(address));
  await page.screenshot({ path: `${folder}/turned.png` });
  await done();
}

/** Where a coast is drawn, and how much of the front: the Atlantic's is on its west alone. */
const coastOf = (page) => page.locator(".cube-coast").evaluate((canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const columns = [];
  for (let i = 3; i < data.length; i += 4) if (data[i] > 100) columns.push((((i - 3) / 4) % width) / width);
  return { count: columns.length, west: Math.min(...columns), east: Math.max(...columns) };
});

async function coastAndArea() {
  const { page, log, done } = await open("dataset=ocean&variable=sst&view=3/10/-30&mode=cube&block=-60,-30,-20,10,1,0,1");
  await page.waitForFunction(() => document.querySelector(".cube-coast").width > 10);
  seen.coast = await coastOf(page);
  const wide = async () => (await page.locator(".cube-face.is-front").boundingBox()).width;
  const before = await wide();
  await page.mouse.move(620, 620);
  await page.mouse.wheel(0, -240);
  await page.waitForTimeout(200);
  seen.nearer = (await wide()) / before;

  await page.getByRole("button", { name: "Draw an area" }).click();
  await page.waitForSelector(".draw-hint");
  await page.mouse.move(640, 300);
  await page.mouse.down();
  await page.mouse.move(760, 420, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.includes("mode=cube"));
  await settle(page);
  seen.drawn = { hash: await hashOf(page), asked: log.requests.filter((address) => address.includes("/coverage/")).at(-1) };
  await page.screenshot({ path: `${folder}/drawn.png` });
  await done();
}

async function withoutTime() {
  const { page, done } = await open("dataset=land&variable=elevation&mode=cube");
  seen.message = await page.locator(".cube-message").textContent();
  await done();
}

async function onPhone() {
  const { page, done } = await open("dataset=ocean&variable=sst&mode=cube", { width: 390, height: 844, touch: true });
  seen.outside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.screenshot({ path: `${folder}/phone.png` });
  await done();
}

try {
  for (const part of [cut, coastAndArea, withoutTime, onPhone]) await part();
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
