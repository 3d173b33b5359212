/** What is known of the active layer's dataset, and where other programs find it. */
import { h, icon } from "../lib/dom.js";
import { formatPlace, formatUnits, formatValue } from "../lib/number.js";
import { activeOf, detailOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { formatTime } from "../lib/time.js";
import { baseOf } from "../lib/service.js";
import { copyBy } from "../shell/clipboard.js";
import { createTabs } from "../shell/tabs.js";
import { snippetsOf } from "./code.js";
import { mountElsewhere } from "./elsewhere.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {import("../types.js").Variable} Variable */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountInfo(element, store) {
  const [facts, elsewhere] = [h("div"), h("div")];
  const code = h("section", { className: "panel-section", "aria-label": t("data.code") });
  element.append(facts, elsewhere, code);
  let drawn = "";
  const stops = [
    store.subscribe(["layers", "active", "details"], (state) => {
      const layer = activeOf(state);
      const key = JSON.stringify([layer?.dataset, layer?.variable, layer?.expression, Boolean(detailOf(state, layer))]);
      if (key === drawn) return;
      drawn = key;
      facts.replaceChildren(...factsOf(detailOf(state, layer), variableOf(state, layer)));
    }),
    mountElsewhere(elsewhere, store),
    mountCode(code, store),
  ];
  return () => {
    stops.forEach((stop) => stop());
    element.replaceChildren();
  };
}

/** @param {Detail | null} detail @param {Variable | null} variable */
function factsOf(detail, variable) {
  if (!detail) return [h("div", { className: "skeleton" })];
  return [
    variable && section(variable.title || variable.id, table(variableFacts(variable))),
    section(detail.title || detail.id,
      detail.description && h("p", { className: "info-text" }, detail.description),
      detail.keywords?.length ? h("ul", { className: "keywords" }, ...detail.keywords.map((keyword) => h("li", {}, keyword))) : null,
      table(datasetFacts(detail))),
  ].filter((part) => part !== null);
}

/** @param {string} title @param {...(Node | string | null | undefined | false | "")} content */
function section(title, ...content) {
  return h("section", { className: "panel-section", "aria-label": title }, h("h2", {}, title), ...content.map((part) => part || null));
}

/** @param {[import("../lib/text.js").TextKey, string | null | undefined][]} rows those without a value are left out */
function table(rows) {
  return h("dl", { className: "facts" }, ...rows.filter(([, value]) => value).flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value ?? "")]));
}

/** @param {Variable} variable @returns {[import("../lib/text.js").TextKey, string | null | undefined][]} */
function variableFacts({ id, units, dims, range, style, kind }) {
  const [low, high] = style.rescale ?? range ?? [];
  return [
    ["data.id", id === "_" ? null : id],
    ["data.kind", kind === "composite" ? t("data.kindPicture", { bands: style.bands?.join(", ") ?? "" }) : null],
    ["data.units", formatUnits(units)],
    ["data.range", low === undefined ? null : `${formatValue(low)} – ${formatValue(high)}`],
    ["data.dims", dims.join(" × ")],
    ["data.classes", style.categories?.map(({ label }) => label).join(", ")],
  ];
}

/** @param {Detail} detail @returns {[import("../lib/text.js").TextKey, string | null | undefined][]} */
function datasetFacts(detail) {
  const { id, theme, bbox, time, crs, levels = [], attribution, licence } = detail;
  const extent = bbox && `${formatPlace(bbox[1], bbox[0])} – ${formatPlace(bbox[3], bbox[2])}`;
  const [finest] = levels;
  return [
    ["data.id", id],
    ["data.theme", theme],
    ["data.extent", extent],
    ["data.period", time && `${formatTime(time.start)} – ${formatTime(time.end)}`],
    ["data.count", time && String(time.count)],
    ["data.grid", finest && `${finest.shape[1]} × ${finest.shape[0]}`],
    ["data.resolution", finest && finest.resolution.map((size) => formatValue(Math.abs(size))).join(" × ")],
    ["data.crs", crs],
    ["data.levels", levels.length > 1 ? String(levels.length) : null],
    ["data.attribution", attribution],
    ["data.licence", licence],
  ];
}

/** @param {HTMLElement} element @param {Store} store */
function mountCode(element, store) {
  const kinds = /** @type {[string, string][]} */ ([["python", "Python"], ["qgis", "QGIS"], ["leaflet", "Leaflet"], ["curl", "curl"]]);
  const tabs = createTabs("code", t("data.code"), kinds, () => {});
  /** @type {Record<string, HTMLElement>} */
  const texts = {};
  for (const [id] of kinds) {
    texts[id] = h("code", {});
    const copy = h("button", { type: "button", className: "button is-quiet copy-code" }, icon("copy"), t("data.copy"));
    copy.addEventListener("click", () => void copyBy(copy, texts[id].textContent ?? "", t("data.copied"), t("data.copyFailed")));
    tabs.panels[id].append(h("pre", { tabIndex: 0, "aria-label": id }, texts[id]), copy);
  }
  element.append(h("h2", {}, t("data.code")), tabs.list, ...Object.values(tabs.panels));
  return store.subscribe(["layers", "active", "details", "axes", "time", "signed"], (state) => {
    if (state.playing) return;
    for (const { id, code } of snippetsOf(state, baseOf(state, document.baseURI))) texts[id].textContent = code;
  });
}
