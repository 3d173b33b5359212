/** Loads what the state names: the catalogue, the datasets of its layers, their axes of time. */
import { ApiError, getAxis, getColormaps, getConfig, getDatasets, getDetail, getJson, isAbort } from "./api.js";
import { isRefusal } from "./ask.js";
import { legendAddress } from "./lib/address.js";
import { addLayer, patchLayer } from "./lib/layers.js";
import { axisKey, detailOf, firstVariable, rangeKey, styleOf, timeDimension, variableOf } from "./lib/select.js";
import { t } from "./lib/text.js";

/** @typedef {import("./types.js").Store} Store */
/** @typedef {import("./types.js").Detail} Detail */

/** The event of the window that tells of datasets that were registered or taken out on this page. */
export const CATALOGUE_CHANGED = "catalogue:changed";
const PENDING_POLL_MS = 2000;

/**
 * @param {Store} store
 * @returns {() => void} stop
 */
export function startSession(store) {
  const { signal, abort } = controlled();
  const loadCatalogue = () => attempt(store, signal, () => openCatalogue(store, signal), loadCatalogue);
  loadCatalogue();
  const renew = () => void attempt(store, signal, async () => store.set({ datasets: await getDatasets(signal, "no-cache") }), null);
  window.addEventListener(CATALOGUE_CHANGED, renew);
  attempt(store, signal, async () => store.set({ colormaps: await getColormaps(signal) }), null);
  attempt(store, signal, async () => store.set({ config: await getConfig(signal) }), null);
  const stops = [followLayers(store, signal), followRanges(store, signal)];
  return () => {
    stops.forEach((stop) => stop());
    window.removeEventListener(CATALOGUE_CHANGED, renew);
    abort();
  };
}

function controlled() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** Open each dataset that a layer is of, once. @param {Store} store @param {AbortSignal} signal */
function followLayers(store, signal) {
  /** @type {Set<string>} */
  const asked = new Set();
  return store.subscribe(["layers"], ({ layers }) => {
    nameVariables(store);
    for (const id of new Set(layers.map(({ dataset }) => dataset))) {
      if (asked.has(id)) continue;
      asked.add(id);
      const load = () => attempt(store, signal, () => openDataset(store, id, signal), load);
      load();
    }
  });
}

/** Ask for the range of each layer that neither its dataset nor anybody has given one: of expressions. @param {Store} store @param {AbortSignal} signal */
function followRanges(store, signal) {
  /** @type {Set<string>} */
  const asked = new Set();
  return store.subscribe(["layers", "details"], (state) => {
    for (const layer of state.layers) {
      const [variable, key] = [variableOf(state, layer), rangeKey(layer)];
      const { rescale, categories } = styleOf(state, layer);
      if (!variable || rescale || categories || asked.has(key)) continue;
      asked.add(key);
      const load = async () => {
        const { min, max } = await getJson(legendAddress({ ...layer, colormap: null, scale: null }, variable), signal);
        if (min < max) store.set({ ranges: { ...store.get().ranges, [key]: [min, max] } });
      };
      attempt(store, signal, load, null);
    }
  });
}

/**
 * Run a piece of loading, and tell what went wrong.
 * @param {Store} store @param {AbortSignal} signal
 * @param {() => Promise<void>} work @param {(() => void) | null} retry
 */
export async function attempt(store, signal, work, retry) {
  store.set({ busy: store.get().busy + 1 });
  try {
    await work();
    const { problem } = store.get();
    // Its own trouble only: other pieces are loaded at the same time.
    if (problem?.source === "session" && problem.retry === retry) store.set({ problem: null });
  } catch (error) {
    // One who is to sign in is asked to.
    if (isAbort(error) || isRefusal(error) || signal.aborted) return;
    const message = error instanceof ApiError ? error.message : t("shell.failed", { error: String(error) });
    store.set({ problem: { message, source: "session", retry } });
  } finally {
    store.set({ busy: store.get().busy - 1 });
  }
}

/** @param {Store} store @param {AbortSignal} signal */
async function openCatalogue(store, signal) {
  const datasets = await getDatasets(signal);
  store.set({ datasets });
  const first = datasets.find(({ status, on_demand }) => status === "ready" || on_demand);
  if (first && !store.get().layers.length) store.set(addLayer(store.get(), { dataset: first.id }));
  if (datasets.some(({ status, on_demand }) => status === "pending" && !on_demand)) {
    setTimeout(() => !signal.aborted && attempt(store, signal, () => openCatalogue(store, signal), null), PENDING_POLL_MS);
  }
}

/** @param {Store} store @param {string} id @param {AbortSignal} signal */
async function openDataset(store, id, signal) {
  const detail = await getDetail(id, signal);
  if (detail.status !== "ready") throw new ApiError(detail.error ? `${detail.title || id}: ${detail.error}` : t("shell.pending", { dataset: id }), 0);
  store.set({ details: { ...store.get().details, [id]: detail } });
  nameVariables(store);
  await Promise.all(timesOf(detail).map(async (name) => {
    const times = await getAxis(id, name, signal);
    store.set({ axes: { ...store.get().axes, [axisKey(id, name)]: times } });
  }));
}

/** The dimensions that are the time of a variable. @param {Detail} detail */
function timesOf(detail) {
  const names = detail.variables.map((variable) => timeDimension(detail, variable));
  return [...new Set(names.filter((name) => name !== null))];
}

/** Give each layer without a variable, or with one that its dataset lacks, the first one. @param {Store} store */
function nameVariables(store) {
  for (const layer of store.get().layers) {
    const { id, dataset, variable, expression } = layer;
    const detail = detailOf(store.get(), layer);
    if (!detail || expression || detail.variables.some((one) => one.id === variable)) continue;
    const shown = firstVariable(detail)?.id ?? null;
    if (shown === variable) continue;
    store.set(patchLayer(store.get(), id, { variable: shown }));
    if (!variable) continue;
    const message = t("shell.noVariable", { dataset, variable, shown: shown ?? "–" });
    store.set({ problem: { message, source: "link", retry: null } });
  }
}
