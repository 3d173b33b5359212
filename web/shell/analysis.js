/** The panel at the right: tabs of what is found out about places. Each part comes when its tab is first opened. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { mountSheet } from "./sheet.js";
import { createTabs } from "./tabs.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {(element: HTMLElement, store: Store) => () => void} Mount */

/** What fills each tab, in their order. @type {Record<string, () => Promise<Mount>>} */
const TABS = {
  series: async () => (await import("../analysis/series.js")).mountSeries,
  statistics: async () => (await import("../analysis/statistics.js")).mountStatistics,
  section: async () => (await import("../section/section.js")).mountSection,
};

/** Whether there is anything to show. @param {import("../types.js").State} state */
const isWanted = ({ place, tab }) => place !== null || tab !== null;

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountAnalysis(element, store) {
  const names = Object.keys(TABS);
  const labels = /** @type {[string, string][]} */ (names.map((name) => [name, t(/** @type {import("../lib/text.js").TextKey} */ (`shell.tab.${name}`))]));
  const tabs = createTabs("analysis", t("shell.analysis"), labels, (tab) => {
    store.set({ tab });
    sheet.raise();
  });
  const sheet = mountSheet(element);
  const header = h("header", { className: "analysis-header" }, tabs.list, iconButton("close", t("shell.close"), () => store.set({ tab: null, place: null })));
  element.append(header, h("div", { className: "analysis-body" }, ...Object.values(tabs.panels)));
  /** @type {Record<string, Promise<() => void>>} */
  const mounted = {};
  const stop = store.subscribe(["place", "tab"], (state) => {
    const isOpening = element.hidden && isWanted(state);
    element.hidden = !isWanted(state);
    document.body.classList.toggle("has-analysis", !element.hidden);
    if (element.hidden) return;
    const tab = names.includes(state.tab ?? "") ? /** @type {string} */ (state.tab) : names[0];
    tabs.choose(tab);
    mounted[tab] ??= TABS[tab]().then((mount) => mount(tabs.panels[tab], store));
    if (isOpening) sheet.raise();
  });
  return () => {
    stop();
    sheet.stop();
    Object.values(mounted).forEach((part) => part.then((unmount) => unmount()));
    element.replaceChildren();
  };
}
