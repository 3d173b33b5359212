/** Sections: values along a line, and diagrams of time with latitude, longitude or a line. */
import { h, icon } from "../lib/dom.js";
import { activeOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { areaOf } from "../cube/area.js";
import { rampsOf } from "../tile/ramps.js";
import { mountDiagram } from "./hovmoller.js";
import { mountLine } from "./line.js";
import { lineOf, obstacle } from "./question.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Section} Section */
/** @typedef {import("./question.js").Area} Area */

/** @type {Section[]} */
const KINDS = ["line", "lineTime", "latitude", "longitude"];
/** @type {Area[]} */
const AREAS = ["view", "whole", "place"];
const NEEDS_LINE = ["line", "lineTime"];

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountSection(element, store) {
  const kind = choice(t("section.kind"), KINDS.map((name) => [name, t(`section.kind.${name}`)]), (name) => store.set({ section: /** @type {Section} */ (name) }));
  /** @type {Area} */
  let area = "view";
  const areas = choice(t("section.area"), AREAS.map((name) => [name, t(`section.area.${name}`)]), (name) => {
    area = /** @type {Area} */ (name);
    diagram?.refresh();
  });
  const drawn = h("button", { type: "button", className: "button", onclick: async () => (await import("./draw.js")).drawLine(store) }, icon("draw"), h("span", {}, t("section.draw")));
  const told = h("p", { className: "empty", role: "status" });
  const body = h("div", { className: "section-body" });
  element.append(h("div", { className: "section" }, h("div", { className: "section-head" }, kind.label, areas.label, drawn), told, body));

  let mounted = "";
  let unmount = () => {};
  /** @type {ReturnType<typeof mountDiagram> | null} */
  let diagram = null;
  const onfail = (/** @type {string} */ message, /** @type {() => void} */ retry) => store.set({ problem: { message, source: "section", retry } });
  const show = () => {
    const state = store.get();
    const isLine = NEEDS_LINE.includes(state.section);
    kind.select.value = state.section;
    areas.label.hidden = isLine;
    drawn.hidden = !isLine;
    area = offered(areas.select, area, areaOf(state) !== null);
    const problem = problemOf(state);
    told.hidden = problem === "";
    told.textContent = problem;
    const wanted = problem ? "" : state.section === "line" ? "line" : "diagram";
    if (wanted === mounted) return;
    unmount();
    body.replaceChildren();
    [mounted, unmount, diagram] = [wanted, () => {}, null];
    if (wanted === "line") unmount = mountLine(body, store, onfail);
    if (wanted === "diagram") {
      diagram = mountDiagram(body, store, { onfail, area: () => area });
      unmount = diagram.unmount;
    }
  };
  const stop = store.subscribe(["section", "places", "place", "layers", "active", "details"], show);
  return () => {
    stop();
    unmount();
    element.replaceChildren();
  };
}

/** A chosen place is an area only if it has one. @param {HTMLSelectElement} select @param {Area} area @param {boolean} hasPlace @returns {Area} */
function offered(select, area, hasPlace) {
  select.options[AREAS.indexOf("place")].hidden = !hasPlace;
  const now = area === "place" && !hasPlace ? "view" : area;
  select.value = now;
  return now;
}

/** @param {string} label @param {[string, string][]} options @param {(value: string) => void} onchoose */
function choice(label, options, onchoose) {
  const select = h("select", { className: "field", onchange: () => onchoose(select.value) }, ...options.map(([value, text]) => h("option", { value }, text)));
  return { select, label: h("label", { className: "section-choice" }, h("span", { className: "off-screen" }, label), select) };
}

/** What stands instead of a chart. @param {import("../types.js").State} state */
function problemOf(state) {
  if (NEEDS_LINE.includes(state.section) && !lineOf(state)) return t("section.noLine");
  const layer = activeOf(state);
  const isClasses = layer !== null && rampsOf(state, layer)?.[0]?.first !== null && rampsOf(state, layer) !== null;
  const found = obstacle(state, state.section, isClasses);
  return found ? t(`section.${found}`) : "";
}
