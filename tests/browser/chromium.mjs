/** A headless Chromium, and pages of it that note what goes wrong in them. */
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");

/** A name of this machine that the browser takes for another: no page of it is in a secure context. */
export const REMOTE = "cubes.test";
const FLAGS = [
  `--host-resolver-rules=MAP ${REMOTE} 127.0.0.1`,
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-first-run", "--disable-quic",
];
export const PATIENCE_MS = 90_000;

/** @param {string} executablePath */
export function launch(executablePath) {
  return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * A page in a fresh profile; `log` gathers errors of the console, the hosts that were asked, and
 * the addresses asked for, in their order.
 * @param {import("playwright-core").Browser} browser
 * @param {{width?: number, height?: number, dark?: boolean, touch?: boolean}} [options]
 */
export async function openPage(browser, { width = 1280, height = 800, dark = false, touch = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    hasTouch: touch,
    isMobile: touch,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const log = { errors: [], hosts: new Set(), requests: [], failures: [] };
  page.on("console", (message) => {
    // What a driver says of the browser's own screenshots is no word of the page.
    const isDrivers = message.text().includes("GL Driver Message");
    if (["error", "warning"].includes(message.type()) && !isDrivers) log.errors.push(message.text());
  });
  page.on("pageerror", (error) => log.errors.push(String(error)));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (!protocol.startsWith("http")) return;
    log.hosts.add(host);
    log.requests.push(request.url());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) log.failures.push(`${response.status()} ${response.url()}`);
  });
  return { page, log };
}

/** The hash follows the state after a moment of quiet. */
const QUIET_MS = 400;

/**
 * Until all that the state asks for is drawn, as the page itself says, and stays so for a moment:
 * what was just pressed may not have reached the views yet.
 * @param {import("playwright-core").Page} page
 * @param {() => boolean} [looks] whether it is, of a page that draws nothing
 */
export async function settle(page, looks = looksSettled) {
  for (let isSettled = false; !isSettled; ) {
    await page.waitForFunction(looks);
    await page.waitForTimeout(QUIET_MS);
    isSettled = await page.evaluate(looks);
  }
}

function looksSettled() {
  const isBusy = document.querySelector("#progress.is-busy");
  return !isBusy && document.body.dataset.settled === "true";
}
