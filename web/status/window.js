/** The window of those who run the server: what it serves, how it fares, who changed what. */
import { h } from "../lib/dom.js";
import { formatMoment } from "../lib/moment.js";
import { CATALOGUE_CHANGED } from "../session.js";
import { openDialog } from "../shell/dialog.js";
import { createTabs } from "../shell/tabs.js";
import { getStatus } from "./admin.js";
import { mountChanges } from "./changes.js";
import { mountItems } from "./datasets.js";
import { mountKeys } from "./keys.js";
import { startPolling } from "./poll.js";
import { showServer } from "./server.js";
import { w } from "./words.js";

const TABS = /** @type {const} */ (["datasets", "server", "changes", "keys"]);

export function openStatus() {
  if (document.querySelector("dialog.status")) return;
  const style = h("link", { rel: "stylesheet", href: new URL("../style/status.css", import.meta.url).href });
  document.head.append(style);
  let tab = /** @type {string} */ (TABS[0]);
  const tabs = createTabs("status", w("title"), TABS.map((name) => [name, w(`tab.${name}`)]), (chosen) => {
    tab = chosen;
    void polling.now();
  });
  const note = h("p", { className: "status-note", role: "status" });
  const trouble = h("p", { className: "status-trouble", role: "alert" });
  const moment = h("p", { className: "muted status-moment" });
  const told = {
    say: (/** @type {string} */ text) => (note.textContent = text),
    fail: (/** @type {Error} */ { message }) => (trouble.textContent = message),
    again: () => polling.now(),
  };
  const parts = { items: mountItems(tabs.panels.datasets, told), changes: mountChanges(tabs.panels.changes, told), keys: mountKeys(tabs.panels.keys, told) };
  const look = async (/** @type {AbortSignal} */ signal) => {
    if (tab === "changes") await parts.changes.look(signal);
    else if (tab === "keys") await parts.keys.look(signal);
    else {
      const status = await getStatus(parts.items.wanted, signal);
      parts.items.show(status);
      showServer(tabs.panels.server, status);
      hideTabs(tabs.list, status.services.some(({ name }) => name === "database"));
    }
    moment.textContent = w("asOf", { time: formatMoment(new Date()) });
  };
  const dialog = openDialog(w("title"), tabs.list, h("div", { className: "status-told" }, note, trouble), ...Object.values(tabs.panels), moment);
  dialog.classList.add("status");
  const polling = startPolling(look, (error) => (trouble.textContent = error ? w("failed", { message: error.message }) : ""));
  dialog.addEventListener("close", () => {
    window.dispatchEvent(new Event(CATALOGUE_CHANGED));
    polling.stop();
    style.remove();
  });
  void polling.now();
}

/** Without a database nothing is changed from here. @param {HTMLElement} list of tabs @param {boolean} hasDatabase */
function hideTabs(list, hasDatabase) {
  for (const name of ["changes", "keys"]) /** @type {HTMLElement} */ (list.querySelector(`#status-tab-${name}`)).hidden = !hasDatabase;
}
