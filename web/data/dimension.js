/** Every dimension but time and the map's own: a list of its values. */
import { getJson, isAbort } from "../api.js";
import { path } from "../lib/address.js";
import { h } from "../lib/dom.js";
import { formatUnits, formatValue } from "../lib/number.js";
import { patchLayer } from "../lib/layers.js";
import { activeOf, detailOf, variableOf } from "../lib/select.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Dimension} Dimension */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountDimensions(element, store) {
  let controller = new AbortController();
  const stop = store.subscribe(["layers", "active", "details"], (state) => {
    controller.abort();
    controller = new AbortController();
    const layer = activeOf(state);
    const detail = detailOf(state, layer);
    const known = detail?.dimensions ?? {};
    const isListed = (/** @type {string} */ name) => known[name] && known[name].type !== "time";
    const names = (variableOf(state, layer)?.dims ?? []).filter(isListed);
    element.replaceChildren(...names.map((name) => {
      const dimension = /** @type {Dimension} */ (detail?.dimensions[name]);
      return control(name, dimension, store, controller.signal);
    }));
  });
  return () => {
    stop();
    controller.abort();
  };
}

/** @param {string} name @param {Dimension} dimension @param {Store} store @param {AbortSignal} signal */
function control(name, dimension, store, signal) {
  const select = h("select", { className: "field", "aria-label": dimension.title || name });
  const chosen = () => activeOf(store.get())?.dims[name] ?? String(dimension.default);
  const fill = (/** @type {(string | number)[]} */ values) => {
    select.replaceChildren(...values.map((value) => option(value, dimension)));
    select.value = chosen();
  };
  fill(dimension.values ?? [dimension.default ?? ""]);
  if (!dimension.values) loadValues(store, name, dimension, signal).then(fill, (error) => tell(store, error));
  select.addEventListener("change", () => {
    const layer = activeOf(store.get());
    if (!layer) return;
    const { [name]: _, ...others } = layer.dims;
    const isDefault = select.value === String(dimension.default);
    store.set(patchLayer(store.get(), layer.id, { dims: isDefault ? others : { ...others, [name]: select.value } }));
    /** @type {HTMLElement | null} */ (document.querySelector(`select[aria-label="${CSS.escape(dimension.title || name)}"]`))?.focus();
  });
  const units = formatUnits(dimension.units);
  return h("section", { className: "panel-section" },
    h("h2", {}, sentence(dimension.title || name), units && h("span", { className: "units" }, units)),
    select,
  );
}

/** @param {string} name as a dataset has it: `lev`, `pressure_level` */
function sentence(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {string | number} value @param {Dimension} dimension */
function option(value, { units }) {
  const text = typeof value === "number" ? formatValue(value) : value;
  return h("option", { value: String(value) }, [text, formatUnits(units)].filter(Boolean).join(" "));
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
