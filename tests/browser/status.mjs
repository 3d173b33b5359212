/**
 * Runs a server from the status window: registers, changes and takes out a dataset, makes and revokes a key.
 *     node status.mjs CHROMIUM BASE_URL TOKEN CUBE OTHER_CUBE FOLDER
 */
import { violations } from "./axe.mjs";
import { launch, openPage, settle } from "./chromium.mjs";

const [, , chromium, base, token, cube, otherCube, folder] = process.argv;
const browser = await launch(chromium);
const seen = { axe: {}, errors: [] };
const admin = { Authorization: `Bearer ${token}` };

/** @param {string} language @param {Parameters<typeof openPage>[1]} [options] */
async function open(language, options) {
  const { page, log } = await openPage(browser, options);
  await page.goto(`${base}/#language=${language}`);
  await settle(page);
  await page.locator("#user").click();
  await page.locator(".menu:popover-open .menu-item").first().click();
  await page.locator("#key").fill(token);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#user")?.classList.contains("is-on"));
  await settle(page);
  seen.early ??= log.requests.filter((address) => address.includes("/status/") || address.includes("/status?")).length;
  await page.locator("#user").click();
  await page.locator(".menu:popover-open .menu-item").first().click();
  await page.waitForSelector("dialog.status .status-table");
  return { page, log, done: () => (seen.errors.push(...log.errors), page.context().close()) };
}

/** @param {import("playwright-core").Page} page @param {string} name */
async function examine(page, name) {
  seen.axe[name] = await violations(page);
  await page.screenshot({ path: `${folder}/${name}.png` });
}

/** @param {import("playwright-core").Page} page @param {string} id */
const row = (page, id) => page.locator(`dialog.status tr[data-key="${id}"]`);
/** @param {import("playwright-core").Page} page @param {string} text */
const told = (page, text) => page.waitForFunction((wanted) => document.querySelector(".status-note")?.textContent.includes(wanted), text);
/** @param {import("playwright-core").Page} page @param {string} name */
async function tab(page, name) {
  await page.locator("dialog.status").getByRole("tab", { name }).click();
  await page.waitForTimeout(300);
}

/** What the menu of one who has signed in offers in a frame of a page. */
async function framed() {
  const { page } = await openPage(browser, { width: 700, height: 500 });
  await page.goto(`${base}/docs`);
  await page.evaluate((src) => document.body.replaceChildren(Object.assign(document.createElement("iframe"), { src, width: 680, height: 480 })), `${base}/#language=en`);
  const frame = page.frameLocator("iframe");
  await frame.locator("#user").click();
  await frame.locator(".menu:popover-open .menu-item").first().click();
  await frame.locator("#key").fill(token);
  await frame.locator("#key").press("Enter");
  await frame.locator("#user.is-on").click();
  const offers = await frame.locator(".menu:popover-open .menu-item").allTextContents();
  await page.context().close();
  return offers;
}

/** @param {import("playwright-core").Page} page */
async function manageDatasets(page) {
  seen.framed = await framed();
  seen.first = await page.locator("#status-datasets tbody tr").evaluateAll((rows) => rows.map((one) => one.dataset.key));
  seen.broken = await row(page, "gone").textContent();
  seen.fileActions = await row(page, "ocean").getByRole("button").count();
  await examine(page, "datasets");
  await page.getByRole("button", { name: "Register a dataset" }).click();
  await page.getByLabel("Address").fill("s3://nowhere.example/cube.zarr");
  await page.getByLabel("Id", { exact: true }).fill("added");
  await examine(page, "register");
  await page.getByLabel("Address").fill(`${cube}.missing`);
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await page.waitForSelector(".status-form .status-trouble:not(:empty)");
  seen.refused = await page.locator(".status-form .status-trouble").textContent();
  await page.getByLabel("Address").fill(cube);
  await page.getByLabel("Title").fill("Added <b>here</b>");
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await told(page, "added is registered.");
  await row(page, "added").waitFor();
  seen.added = await row(page, "added").textContent();

  await row(page, "added").getByLabel("Change Added <b>here</b>").click();
  const entry = JSON.parse(await page.locator(".status-json").inputValue());
  const stale = await fetch(`${base}/datasets/added/config`, { headers: admin });
  await fetch(`${base}/datasets/added`, { method: "PUT", headers: { ...admin, "If-Match": stale.headers.get("ETag"), "Content-Type": "application/json" }, body: JSON.stringify({ ...entry, title: "Changed elsewhere" }) });
  await page.locator(".status-json").fill(JSON.stringify({ ...entry, title: "Mine" }));
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForSelector(".status-form .status-trouble:not(:empty)");
  seen.conflict = await page.locator(".status-form .status-trouble").textContent();
  await examine(page, "change");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector('tr[data-key="added"]')?.textContent.includes("Changed elsewhere"));
  await row(page, "added").getByLabel("Change Changed elsewhere").click();
  await page.locator(".status-json").fill(JSON.stringify({ ...entry, title: "Mine" }));
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await told(page, "added is changed.");
  await page.waitForFunction(() => document.querySelector('tr[data-key="added"]')?.textContent.includes("Mine"));

  await fetch(`${base}/datasets`, { method: "POST", headers: { ...admin, "Content-Type": "application/json" }, body: JSON.stringify({ id: "elsewhere", title: "Elsewhere", url: otherCube }) });
  await row(page, "added").getByLabel("Open Mine anew").focus();
  await row(page, "elsewhere").waitFor();
  seen.focused = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.keyboard.press("Enter");
  await told(page, "added: Ready");
  await page.getByLabel("Find a dataset").last().fill("elsewhere");
  await page.waitForFunction(() => document.querySelectorAll("#status-datasets tbody tr").length === 1);
  await page.getByLabel("Find a dataset").last().fill("");
  await row(page, "added").waitFor();

  await row(page, "added").getByLabel("Unregister Mine").click();
  seen.asked = await row(page, "added").locator("[data-armed]").getAttribute("aria-label");
  await row(page, "added").locator("[data-armed]").click();
  await told(page, "added is unregistered.");
  await row(page, "added").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => [...document.querySelectorAll("#datasets .choice-title")].some((text) => text.textContent === "Elsewhere"));
  seen.catalogue = await page.locator("#datasets .choice-title").allTextContents();
  await page.locator("#user").click();
  await page.locator(".menu:popover-open .menu-item").first().click();
  await row(page, "ocean").waitFor();
}

/** @param {import("playwright-core").Page} page */
async function lookAtTheRest(page) {
  await page.emulateMedia({ colorScheme: "dark" });
  await tab(page, "Server");
  seen.server = await page.locator("#status-server").innerText();
  await examine(page, "server");
  await tab(page, "Changes");
  await page.locator("#status-changes tbody tr").first().waitFor();
  seen.changes = await page.locator("#status-changes tbody tr").evaluateAll((rows) => rows.map((one) => [...one.children].slice(1, 4).map((cell) => cell.textContent)));
  await page.locator("#status-changes summary").first().click();
  await examine(page, "changes");
  await tab(page, "Keys");
  seen.noKeys = await page.locator("#status-keys").innerText();
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Whose").fill("field laptop");
  await page.getByLabel("Roles").fill("staff, lab");
  await examine(page, "key");
  await page.locator(".status-form").getByRole("button", { name: "Create a key" }).click();
  await page.getByText("Copy the key now").last().waitFor();
  seen.key = await page.locator("dialog:not(.status) input[readonly]").inputValue();
  await examine(page, "made");
  // Every worker knows within two seconds.
  const asked = async (/** @type {number} */ status) => {
    for (let tried = 1; ; tried++) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(`${base}/caller`, { headers: { Authorization: `Bearer ${seen.key}`, Connection: "close" } })));
      if (answers.every((answer) => answer.status === status) || tried === 40) return answers[0];
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  seen.taken = await (await asked(200)).json();
  await page.keyboard.press("Escape");
  await page.locator("#status-keys tbody tr").waitFor();
  seen.kept = await page.evaluate((secret) => document.documentElement.outerHTML.includes(secret), seen.key);
  await page.getByLabel("Revoke field laptop").click();
  await page.getByLabel("Revoke the key field laptop?").click();
  await page.locator("#status-keys tbody tr").waitFor({ state: "detached" });
  seen.revoked = (await asked(401)).status;
}

/** @param {import("playwright-core").Page} page */
async function findMany(page) {
  await tab(page, "Datasets");
  await page.getByRole("button", { name: "Find datasets…" }).click();
  await page.getByLabel("Address").fill(cube.slice(0, cube.lastIndexOf("/")));
  await page.getByLabel("Ids begin with").fill("all-");
  await page.getByRole("button", { name: "Look", exact: true }).click();
  await page.locator(".status-found tbody tr").first().waitFor();
  const rows = () => page.locator(".status-found tbody tr").evaluateAll((found) => found.map((one) => [one.dataset.key, one.querySelector(".badge").textContent]));
  seen.found = await rows();
  await examine(page, "found");
  await page.getByRole("button", { name: /^Register all/ }).click();
  await page.waitForFunction(() => [...document.querySelectorAll(".status-found .badge")].every(({ textContent }) => textContent !== "Found"));
  seen.registered = await rows();
  await page.keyboard.press("Escape");
  await row(page, "all-model").waitFor();
}

/** @param {import("playwright-core").Page} page */
async function lookByPhone(page) {
  await examine(page, "phone");
  seen.german = await page.locator("dialog.status").innerText();
  seen.width = await page.evaluate(() => [document.documentElement.scrollWidth, document.querySelector("dialog.status").scrollWidth]);
  await tab(page, "Server");
  await examine(page, "phone-server");
}

const desk = await open("en", { width: 1000, height: 640 });
for (const part of [manageDatasets, lookAtTheRest, findMany]) await part(desk.page);
await desk.done();
const phone = await open("de", { width: 390, height: 800, touch: true });
await lookByPhone(phone.page);
await phone.done();
await browser.close();
process.stdout.write(JSON.stringify(seen));
