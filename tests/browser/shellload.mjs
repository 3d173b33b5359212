/**
 * Opens the viewer afresh some times: how long until its first map is whole, and what it loads.
 *     node shellload.mjs CHROMIUM BASE_URL FOLDER
 */
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base] = process.argv;
const VISITS = 4;
const browser = await launch(chromium);
const seen = { times_ms: [], errors: [] };

/** In the page, before its own scripts: notes when all that it asked for is drawn for the first time. */
function watch() {
  const look = () => {
    const isWhole = document.body?.dataset.settled === "true" && document.querySelector("#legend")?.firstChild && document.querySelector("h1");
    if (!isWhole) return;
    observer.disconnect();
    window.wholeAt = performance.now();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-settled"] });
}

for (let visit = 0; visit < VISITS; visit++) {
  const { page, log } = await openPage(browser);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const [sizes, names, headers] = [new Map(), new Map(), new Map()];
  session.on("Network.responseReceived", ({ requestId, response }) => {
    names.set(requestId, new URL(response.url));
    headers.set(requestId, response.encodedDataLength);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await page.addInitScript(watch);
  await page.goto(`${base}/#dataset=ocean&variable=sst`);
  await page.waitForFunction(() => window.wholeAt);
  seen.times_ms.push(await page.evaluate(() => Math.round(window.wholeAt)));
  await settle(page);
  seen.errors.push(...log.errors);
  const loaded = [...names].map(([id, { pathname }]) => ({ pathname, bytes: Math.max(0, (sizes.get(id) ?? 0) - headers.get(id)) }));
  const isOwn = ({ pathname }) => pathname === "/" || pathname.startsWith("/static/");
  const sum = (entries) => entries.reduce((total, { bytes }) => total + bytes, 0);
  seen.own_bytes = sum(loaded.filter(isOwn));
  seen.data_bytes = sum(loaded.filter((entry) => !isOwn(entry)));
  seen.requests = loaded.length;
  seen.files = loaded.filter(isOwn).map(({ pathname, bytes }) => `${pathname.replace(/^\/static\/(@[^/]+\/)?/, "")} ${bytes}`);
  await page.context().close();
}
await browser.close();
process.stdout.write(JSON.stringify(seen));
