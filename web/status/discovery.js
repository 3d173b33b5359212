/** The window in which all datasets below an address are looked for, and registered at once. */
import { h } from "../lib/dom.js";
import { discover } from "./admin.js";
import { labelled, openForm, wordsOf } from "./entry.js";
import { formatCount } from "./format.js";
import { badge, table } from "./table.js";
import { known, w } from "./words.js";

/** @typedef {import("./admin.js").Found} Found */
/** @typedef {import("./admin.js").Wish} Wish */

const ROUNDS = 20; // of so many datasets that one request cannot open them all
const BADGES = /** @type {const} */ ({ found: "pending", known: "pending", registered: "ready", failed: "error" });

/** @param {import("./datasets.js").Told} told */
export function openDiscovery(told) {
  const inputs = Object.fromEntries(["url", "storage", "prefix", "roles"].map((name) => [name, h("input", { className: "field", autocomplete: "off" })]));
  inputs.url.required = true;
  inputs.url.placeholder = w("discoverHint");
  inputs.roles.placeholder = w("rolesHint");
  const found = h("div", { className: "status-found" });
  const all = h("button", { type: "button", className: "button", hidden: true });
  const wish = () => wishOf(Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, value.trim()])));
  /** @param {Found[]} datasets */
  const show = (datasets) => {
    const isNew = datasets.filter(({ status }) => status === "found");
    all.hidden = !isNew.length;
    all.textContent = w("discoverAll", { count: formatCount(isNew.length) });
    found.replaceChildren(table(w("discover"), [w("id"), w("kind"), w("state"), w("address")], datasets.map(row), w("none")));
  };
  const dialog = openForm(w("discover"), w("look"), [
    labelled("address", inputs.url), labelled("storage", inputs.storage, true), labelled("prefix", inputs.prefix, true), labelled("roles", inputs.roles, true),
  ], told, async () => {
    const { datasets } = await discover(wish(), false);
    show(datasets);
    return w("discovered", { count: formatCount(datasets.length), known: formatCount(datasets.filter(({ status }) => status === "known").length) });
  }, true);
  dialog.classList.add("is-wide");
  /** @type {HTMLElement} */ (dialog.querySelector(".dialog-body")).append(found, all);
  all.addEventListener("click", () => void registerAll(all, wish(), show, told));
}

/** @param {HTMLButtonElement} button @param {Wish} wish @param {(datasets: Found[]) => void} show @param {import("./datasets.js").Told} told */
async function registerAll(button, wish, show, told) {
  button.disabled = true;
  let count = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const { datasets, registered } = await discover(wish, true);
      count += registered;
      show(datasets);
      const failed = datasets.filter(({ status }) => status === "failed").length;
      told.say(w("discoveredSome", { count: formatCount(count), failed: formatCount(failed) }));
      if (!registered || !datasets.some(({ status }) => status === "found")) break;
    }
    await told.again();
  } catch (error) {
    told.fail(/** @type {Error} */ (error));
  }
  button.disabled = false;
}

/** What was typed: what is empty is left out. @param {Record<string, string>} typed @returns {Wish} */
export function wishOf({ url, storage, prefix, roles }) {
  const allowed = wordsOf(roles);
  return { url, ...(storage && { storage }), ...(prefix && { prefix }), ...(allowed.length && { defaults: { access: { roles: allowed } } }) };
}

/** @param {Found} found */
function row({ id, kind, status, error, config }) {
  const state = h("span", { className: "status-state" }, badge(BADGES[status], known(`found.${status}`, status)), error && h("small", {}, error));
  return { key: id, cells: [h("span", { className: "status-name" }, h("strong", {}, config.title ?? id), h("small", {}, id)), kind, state, h("small", {}, config.url)] };
}
