/** How the values are coloured: colour map, range, scale, opacity. */
import { ApiError, getJson } from "../api.js";
import { valueAddress } from "../lib/address.js";
import { h, iconButton } from "../lib/dom.js";
import { patchLayer } from "../lib/layers.js";
import { activeOf, timeOf, variableOf } from "../lib/select.js";
import { attempt } from "../session.js";
import { mountColormap } from "./colormap.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountStyle(element, store) {
  const [colormap, range, scale, opacity] = [h("div"), h("div"), h("div"), h("div")];
  element.className = "styling";
  element.append(colormap, range, scale, opacity);
  const stops = [
    mountColormap(colormap, store),
    mountRange(range, store),
    mountScale(scale, store),
    mountOpacity(opacity, store),
    store.subscribe(["layers", "active", "details"], (state) => {
      const variable = variableOf(state, activeOf(state));
      const isPicture = !variable || variable.kind === "composite" || Boolean(variable.style.categories);
      colormap.hidden = scale.hidden = isPicture;
      range.hidden = !variable || Boolean(variable.style.categories);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/** @param {Store} store @param {Partial<import("../types.js").Layer>} patch */
function patchActive(store, patch) {
  const layer = activeOf(store.get());
  if (layer) store.set(patchLayer(store.get(), layer.id, patch));
}

/** @param {string} label @param {HTMLElement} control */
function labelled(label, control) {
  return h("label", { className: "labelled" }, h("span", {}, label), control);
}

/** The range that holds 96 of 100 values of what is in view. @param {Store} store @param {AbortSignal} signal */
async function fitRange(store, signal) {
  const state = store.get();
  const layer = activeOf(state);
  const variable = variableOf(state, layer);
  if (!layer || !variable) return;
  const pairs = /** @type {[string, string | null | undefined][]} */ ([["bbox", state.box?.join(",")], ["time", timeOf(state, layer)]]);
  const found = await getJson(valueAddress("statistics", layer, variable, pairs), signal);
  const [low, high] = [found.percentiles?.["2"], found.percentiles?.["98"]].map((value) => Number(value?.toPrecision(3)));
  if (low < high) patchActive(store, { rescale: [low, high] });
  else throw new ApiError("There are no two different values in view: move the map to where data are.", 0);
}

/** @param {HTMLElement} element @param {Store} store */
function mountRange(element, store) {
  const [low, high] = ["Lowest value", "Highest value"].map((label) =>
    h("input", { type: "number", step: "any", className: "field", "aria-label": label }),
  );
  const note = h("p", { className: "field-note", role: "status", hidden: true }, "The lowest value has to be below the highest.");
  const reset = iconButton("reset", "Back to the usual range", () => patchActive(store, { rescale: null }));
  let controller = new AbortController();
  const fitToView = () => {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    void attempt(store, signal, () => fitRange(store, signal), fitToView);
  };
  const fit = iconButton("range", "Fit the range to what is in view", fitToView);
  const read = () => {
    const [from, to] = [low.valueAsNumber, high.valueAsNumber];
    note.hidden = !(from >= to);
    if (from < to) patchActive(store, { rescale: [from, to] });
  };
  [low, high].forEach((input) => input.addEventListener("change", read));
  element.append(h("div", { className: "labelled" }, h("span", {}, "Range"),
    h("div", { className: "range" }, low, h("span", { className: "muted" }, "to"), high, fit, reset)), note);
  return store.subscribe(["layers", "active", "details"], (state) => {
    const layer = activeOf(state);
    const variable = variableOf(state, layer);
    const [from, to] = layer?.rescale ?? variable?.style.rescale ?? ["", ""];
    [low.value, high.value] = [short(from), short(to)];
    note.hidden = true;
    reset.disabled = !layer?.rescale;
    fit.hidden = variable?.kind === "composite";
  });
}

/** Computed ranges have digits that nobody wants to read. @param {number | string} value */
function short(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : value;
}

/** @param {HTMLElement} element @param {Store} store */
function mountScale(element, store) {
  const select = h("select", { className: "field" },
    h("option", { value: "linear" }, "Linear"),
    h("option", { value: "log" }, "Logarithmic"),
    h("option", { value: "symlog" }, "Symmetric log"),
  );
  element.append(labelled("Scale", select));
  select.addEventListener("change", () => {
    const usual = variableOf(store.get(), activeOf(store.get()))?.style.scale ?? "linear";
    const scale = /** @type {import("../types.js").Scale} */ (select.value);
    patchActive(store, { scale: scale === usual ? null : scale });
  });
  return store.subscribe(["layers", "active", "details"], (state) => {
    const layer = activeOf(state);
    select.value = layer?.scale ?? variableOf(state, layer)?.style.scale ?? "linear";
  });
}

/** @param {HTMLElement} element @param {Store} store */
function mountOpacity(element, store) {
  const input = h("input", { type: "range", min: "0", max: "100", step: "5" });
  const output = h("output");
  element.append(h("label", { className: "labelled" }, h("span", {}, "Opacity"), h("div", { className: "range" }, input, output)));
  input.addEventListener("input", () => patchActive(store, { opacity: input.valueAsNumber / 100 }));
  return store.subscribe(["layers", "active"], (state) => {
    const { opacity = 1 } = activeOf(state) ?? {};
    input.value = String(Math.round(opacity * 100));
    output.textContent = `${input.value} %`;
    input.style.setProperty("--filled", `${input.value}%`);
  });
}
