/** The panel at the left: brand, what is shown and its legend, and tabs with the slots of data, layers and facts. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { brandOf } from "./brand.js";
import { mountHeadline } from "./headline.js";
import { mountSheet } from "./sheet.js";
import { fillTab } from "./slots.js";
import { createTabs } from "./tabs.js";

/** @typedef {import("../types.js").Store} Store */

const LOW = 460; // pixels of a window

/**
 * Other parts open a tab by the event `panel:show` with the tab's name as its detail.
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountPanel(element, store) {
  const tabs = createTabs("panel", t("shell.panel"), [
    ["data", t("shell.data")],
    ["layers", t("shell.layers")],
    ["info", t("shell.info")],
  ], (tab) => openTab(tab));
  tabs.panels.data.append(section("datasets", t("shell.datasets")), section("variables", t("shell.variables")));
  tabs.panels.layers.append(slot("layers"), slot("dimensions"), section("style", t("shell.style")));
  tabs.panels.info.append(slot("info"));
  const headline = h("div", { className: "panel-headline" });
  const body = h("div", { className: "panel-body", id: "panel-body" }, tabs.list, h("div", { className: "panel-scroll" }, ...Object.values(tabs.panels)));
  const toggle = iconButton("sidebar", "", () => collapse(!element.classList.contains("is-collapsed")));
  toggle.classList.add("panel-toggle");
  toggle.setAttribute("aria-controls", "panel-body");
  const sheet = mountSheet(element);
  element.append(header(store, toggle), h("div", { className: "panel-top" }, headline, slot("legend")), body);

  const collapse = (/** @type {boolean} */ isCollapsed) => {
    element.classList.toggle("is-collapsed", isCollapsed);
    document.body.classList.toggle("panel-collapsed", isCollapsed);
    toggle.title = t(isCollapsed ? "shell.expand" : "shell.collapse");
    toggle.setAttribute("aria-label", toggle.title);
    toggle.setAttribute("aria-expanded", String(!isCollapsed));
  };
  const open = () => {
    collapse(false);
    sheet.raise();
  };
  /** @type {Record<string, ReturnType<typeof fillTab>>} */
  const filled = {};
  const openTab = (/** @type {string} */ tab) => {
    filled[tab] ??= fillTab(tabs.panels[tab], store, tab);
    open();
  };
  const show = (/** @type {Event} */ event) => {
    const tab = /** @type {CustomEvent} */ (event).detail;
    tabs.choose(tab);
    openTab(tab);
  };
  // On a phone on its side an open panel would leave little else.
  collapse(innerHeight < LOW);
  element.addEventListener("panel:show", show);
  const stops = [mountHeadline(headline, store), sheet.stop];
  return () => {
    stops.forEach((stop) => stop());
    Object.values(filled).flat().forEach((part) => void part.then((unmount) => unmount()));
    element.removeEventListener("panel:show", show);
    element.replaceChildren();
  };
}

/** Where another part puts what it shows. @param {string} id */
function slot(id) {
  return h("div", { id, className: "slot" });
}

/** @param {string} id of the slot @param {string} title */
function section(id, title) {
  return h("section", { className: "panel-section", "aria-label": title }, h("h2", {}, title), slot(id));
}

/** @param {Store} store @param {HTMLElement} toggle */
function header(store, toggle) {
  const { title, logo } = brandOf(store.get().config);
  return h("header", { className: "panel-header" },
    h("img", { src: logo, alt: "", height: 22 }),
    h("span", { className: "brand" }, title),
    toggle);
}
