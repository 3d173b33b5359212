/** Settings: theme, language, basemap; the keys, and the way to the API. */
import { h, icon } from "../lib/dom.js";
import { encodeHash } from "../lib/hash.js";
import { getLanguage, t } from "../lib/text.js";
import { openHelp } from "./help.js";
import { createMenu, menuItem, segments } from "./menu.js";

/** @typedef {import("../types.js").Store} Store */

/** @param {Store} store */
export function settingsMenu(store) {
  return createMenu("settings", t("shell.settings"), (close) => [
    segments(t("shell.theme"), [["system", t("shell.theme.system")], ["light", t("shell.theme.light")], ["dark", t("shell.theme.dark")]],
      store.get().theme ?? "system", (theme) => store.set({ theme: theme === "system" ? null : theme })),
    segments(t("shell.language"), [["en", "English"], ["de", "Deutsch"]], getLanguage(), (language) => speak(store, language)),
    basemaps(store),
    h("hr", { className: "menu-line" }),
    menuItem("keyboard", t("shell.keys"), () => {
      close();
      openHelp();
    }),
    h("a", { className: "menu-item", href: "docs" }, icon("book"), h("span", {}, t("shell.api"))),
  ]);
}

/** The page is drawn anew in another language, and shows what it showed. @param {Store} store @param {import("../lib/text.js").Language} language */
function speak(store, language) {
  store.set({ language });
  history.replaceState(null, "", `#${encodeHash(store.get())}`);
  location.reload();
}

/** The viewer's own basemap, none, and those that the operator names. @param {Store} store */
function basemaps(store) {
  const { config, basemap } = store.get();
  const select = h("select", { className: "field", onchange: () => store.set({ basemap: select.value }) },
    h("option", { value: "offline" }, t("shell.basemap.offline")),
    ...(config?.basemaps ?? []).map(({ id, title }) => h("option", { value: id }, title)),
    h("option", { value: "none" }, t("shell.basemap.none")));
  select.value = basemap ?? config?.basemap ?? "offline";
  return h("label", { className: "menu-field stacked" }, h("span", {}, t("shell.basemap")), select);
}
