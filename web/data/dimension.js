/** Every dimension but time and the map's own: a slider over its numbers, or a list of its values. */
import { getJson, isAbort } from "../api.js";
import { path } from "../lib/address.js";
import { h, iconButton } from "../lib/dom.js";
import { patchLayer } from "../lib/layers.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { activeOf, detailOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Dimension} Dimension */
/** @typedef {{name: string, dimension: Dimension, values: (string | number)[]}} Listed */

const QUIET_MS = 60; // while a slider is dragged
const SLIDER_FROM = 3; // values: fewer are a list

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountDimensions(element, store) {
  let controller = new AbortController();
  let drawn = "";
  const stop = store.subscribe(["layers", "active", "details"], (state) => {
    const layer = activeOf(state);
    const detail = detailOf(state, layer);
    const names = (variableOf(state, layer)?.dims ?? []).filter((name) => detail?.dimensions[name] && detail.dimensions[name].type !== "time");
    const key = [layer?.id, layer?.dataset, ...names].join("/");
    if (key === drawn) return follow(element, layer?.dims ?? {});
    drawn = key;
    controller.abort();
    controller = new AbortController();
    const sections = names.map((name) => section(name, /** @type {Dimension} */ (detail?.dimensions[name]), store, controller.signal));
    element.replaceChildren(...sections);
  });
  return () => {
    stop();
    controller.abort();
    element.replaceChildren();
  };
}

/** Controls show what another part, or a link, has chosen. @param {HTMLElement} element @param {Record<string, string>} dims */
function follow(element, dims) {
  for (const part of element.querySelectorAll("[data-dimension]")) {
    part.dispatchEvent(new CustomEvent("dimension", { detail: dims }));
  }
}

/** @param {string} name @param {Dimension} dimension @param {Store} store @param {AbortSignal} signal */
function section(name, dimension, store, signal) {
  const title = sentence(dimension.title || name);
  const units = formatUnits(dimension.units);
  const body = h("div", {}, h("div", { className: "skeleton skeleton-line" }));
  const part = h("section", { className: "panel-section", "aria-label": title, "data-dimension": name },
    h("h2", {}, title, units && h("span", { className: "units" }, units)), body);
  const fill = (/** @type {(string | number)[]} */ values) => {
    const isSlider = dimension.type === "number" && values.length >= SLIDER_FROM;
    const { control, show } = (isSlider ? slider : list)({ name, dimension, values }, title, store);
    const chosen = (/** @type {Record<string, string>} */ dims) => show(nearest(values, dims[name] ?? dimension.default));
    body.replaceChildren(control);
    chosen(activeOf(store.get())?.dims ?? {});
    part.addEventListener("dimension", (event) => chosen(/** @type {CustomEvent} */ (event).detail), { signal });
  };
  if (dimension.values) fill(dimension.values);
  else loadValues(store, name, dimension, signal).then(fill, (error) => tell(store, error));
  return part;
}

/** @param {Listed} listed @param {string} title @param {Store} store */
function slider({ name, dimension, values }, title, store) {
  const output = h("output", { className: "dimension-value" });
  const input = h("input", { type: "range", min: "0", max: String(values.length - 1), step: "1", "aria-label": title });
  let timer = 0;
  const show = (/** @type {number} */ index) => {
    input.value = String(index);
    const text = label(values[index], dimension);
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
    input.style.setProperty("--filled", `${(100 * index) / (values.length - 1)}%`);
  };
  const go = (/** @type {number} */ index) => {
    show(index);
    clearTimeout(timer);
    timer = window.setTimeout(() => choose(store, name, dimension, values[index]), QUIET_MS);
  };
  const step = (/** @type {number} */ by) => () => go(Math.max(0, Math.min(values.length - 1, input.valueAsNumber + by)));
  input.addEventListener("input", () => go(input.valueAsNumber));
  const control = h("div", { className: "range" }, iconButton("previous", t("data.previousOf", { title }), step(-1)), input, iconButton("next", t("data.nextOf", { title }), step(1)), output);
  return { control, show };
}

/** @param {Listed} listed @param {string} title @param {Store} store */
function list({ name, dimension, values }, title, store) {
  const control = h("select", { className: "field", "aria-label": title, disabled: values.length < 2 },
    ...values.map((value, index) => h("option", { value: String(index) }, label(value, dimension))));
  control.addEventListener("change", () => choose(store, name, dimension, values[Number(control.value)]));
  return { control, show: (/** @type {number} */ index) => void (control.value = String(index)) };
}

/** @param {Store} store @param {string} name @param {Dimension} dimension @param {string | number} value */
function choose(store, name, dimension, value) {
  const layer = activeOf(store.get());
  if (!layer) return;
  const { [name]: _, ...others } = layer.dims;
  const isDefault = String(value) === String(dimension.default);
  store.set(patchLayer(store.get(), layer.id, { dims: isDefault ? others : { ...others, [name]: String(value) } }));
}

/** @param {(string | number)[]} values @param {string | number | undefined} wanted */
function nearest(values, wanted) {
  const exact = values.findIndex((value) => String(value) === String(wanted));
  if (exact >= 0) return exact;
  const distances = values.map((value) => Math.abs(Number(value) - Number(wanted)));
  return Math.max(0, distances.indexOf(Math.min(...distances)));
}

/** @param {string} name as a dataset has it: `lev`, `pressure_level` */
function sentence(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {string | number} value @param {Dimension} dimension */
function label(value, { units }) {
  const text = typeof value === "number" ? formatValue(value) : value;
  return [text, formatUnits(units)].filter(Boolean).join(" ");
}

/** @param {Store} store @param {string} name @param {Dimension} dimension @param {AbortSignal} signal */
async function loadValues(store, name, { size }, signal) {
  const address = `datasets/${path(activeOf(store.get())?.dataset ?? "")}/dimensions/${path(name)}`;
  const page = await getJson(`${address}?limit=${Math.min(size, 10_000)}`, signal);
  return page.values;
}

/** @param {Store} store @param {Error} error */
function tell(store, error) {
  if (!isAbort(error)) store.set({ problem: { message: error.message, source: "dimension", retry: null } });
}
