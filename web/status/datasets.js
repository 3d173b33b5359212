/** The datasets with what is wrong with them first: opened anew, changed, taken out; and how others come in. */
import { h, icon, iconButton } from "../lib/dom.js";
import { formatMoment } from "../lib/moment.js";
import { refresh, unregister } from "./admin.js";
import { openDiscovery } from "./discovery.js";
import { openChange, openRegister } from "./entry.js";
import { formatAgo, formatCount } from "./format.js";
import { badge, confirmBy, redraw, table } from "./table.js";
import { w } from "./words.js";

/** @typedef {import("./admin.js").Item} Item */
/** @typedef {import("./admin.js").Status} Status */
/** @typedef {{say: (text: string) => void, fail: (error: Error) => void, again: () => Promise<void>}} Told what parts tell the window */

const PAGE = 100;
const QUIET_MS = 250;
const STATES = /** @type {const} */ (["ready", "pending", "error"]);

/** @param {HTMLElement} element @param {Told} told */
export function mountItems(element, told) {
  const wanted = { q: "", status: "", limit: PAGE };
  let timer = 0;
  const field = h("input", { type: "search", className: "field", placeholder: w("find"), "aria-label": w("find") });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      Object.assign(wanted, { q: field.value.trim(), limit: PAGE });
      void told.again();
    }, QUIET_MS);
  });
  const states = h("select", { className: "field", "aria-label": w("state") }, h("option", { value: "" }, w("all")), ...STATES.map((state) => h("option", { value: state }, w(`status.${state}`))));
  states.addEventListener("change", () => {
    Object.assign(wanted, { status: states.value, limit: PAGE });
    void told.again();
  });
  const add = h("button", { type: "button", className: "button", onclick: () => openRegister(told) }, icon("plus"), w("new"));
  const discover = h("button", { type: "button", className: "button", onclick: () => openDiscovery(told) }, icon("layers"), w("discover"));
  const list = h("div", { className: "status-items" });
  const more = h("button", { type: "button", className: "button", hidden: true }, w("more"));
  more.addEventListener("click", () => {
    wanted.limit += PAGE;
    void told.again();
  });
  const count = h("p", { className: "muted", role: "status" });
  element.append(h("div", { className: "status-bar" }, field, states, add, discover), count, list, more);
  return {
    wanted,
    /** @param {Status} status */
    show: ({ datasets, services, time }) => {
      const { items, total, ready, pending, error } = datasets;
      const counts = w("counts", { ready: formatCount(ready), pending: formatCount(pending), error: formatCount(error) });
      count.textContent = `${w("found", { count: formatCount(items.length), total: formatCount(total) })}: ${counts}`;
      add.hidden = discover.hidden = !services.some(({ name }) => name === "database");
      more.hidden = items.length < wanted.limit;
      redraw(list, [items, Math.floor(Date.parse(time) / 15_000)], () => [itemTable(items, time, told)]);
    },
  };
}

/** @param {Item[]} items @param {string} now @param {Told} told */
function itemTable(items, now, told) {
  const rows = items.map((item) => ({ key: item.id, cells: [nameOf(item), stateOf(item), lookOf(item, now), item.storage, actions(item, told)] }));
  return table(w("tab.datasets"), [w("dataset"), w("state"), w("looked"), w("storage"), w("actions")], rows, w("none"));
}

/** @param {Item} item */
function nameOf({ id, title, origin, private: isPrivate }) {
  const notes = [id, origin === "file" && w("file"), isPrivate && w("private")].filter(Boolean).join(" · ");
  return h("span", { className: "status-name" }, h("strong", {}, title || id), h("small", {}, notes));
}

/** @param {Item} item */
function stateOf({ status, error, trouble }) {
  const told = error ?? trouble;
  const mark = trouble && status === "ready" ? badge("trouble", w("status.trouble")) : badge(status, w(`status.${status}`));
  return h("span", { className: "status-state" }, mark, told && h("small", {}, told));
}

/** @param {Item} item @param {string} now */
function lookOf({ looked }, now) {
  return looked ? h("time", { dateTime: looked, title: formatMoment(looked) }, formatAgo(looked, now)) : w("never");
}

/** @param {Item} item @param {Told} told */
function actions({ id, title, origin }, told) {
  const name = title || id;
  const again = iconButton("reset", w("refresh", { title: name }), () => void run(again, told, async () => {
    const { status, error } = await refresh(id);
    return w("refreshed", { dataset: id, status: error ?? w(/** @type {"status.ready"} */ (`status.${status}`)) });
  }));
  if (origin === "file") return h("span", { className: "status-actions" }, again);
  const edit = iconButton("draw", w("change", { title: name }), () => void openChange(id, told));
  const remove = iconButton("trash", w("remove", { title: name }), () => {});
  confirmBy(remove, w("confirmRemove", { dataset: id }), () => void run(remove, told, async () => {
    await unregister(id);
    return w("removed", { dataset: id });
  }));
  return h("span", { className: "status-actions" }, again, edit, remove);
}

/** Does one thing, tells how it went, and looks anew. @param {HTMLButtonElement} button @param {Told} told @param {() => Promise<string>} work */
export async function run(button, told, work) {
  button.disabled = true;
  try {
    told.say(await work());
    await told.again();
  } catch (error) {
    told.fail(/** @type {Error} */ (error));
  } finally {
    button.disabled = false;
  }
}
