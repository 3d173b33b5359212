/** Loads what the state names: the catalogue, the dataset, its time axis. */
import { ApiError, getColormaps, getDatasets, getDetail, getTimes, isAbort } from "./api.js";
import { firstVariable } from "./lib/select.js";

/** @typedef {import("./types.js").Store} Store */

const PENDING_POLL_MS = 2000;

/**
 * @param {Store} store
 * @returns {() => void} stop
 */
export function startSession(store) {
  const whole = new AbortController();
  let loading = new AbortController();
  const loadCatalogue = () => attempt(store, whole.signal, () => openCatalogue(store, whole.signal), loadCatalogue);
  const loadColormaps = async () => store.set({ colormaps: await getColormaps(whole.signal) });
  const loadDataset = () => {
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    attempt(store, signal, () => openDataset(store, signal), loadDataset);
  };
  loadCatalogue();
  attempt(store, whole.signal, loadColormaps, null);
  const stop = store.subscribe(["dataset"], ({ dataset }) => dataset && loadDataset());
  return () => {
    stop();
    whole.abort();
    loading.abort();
  };
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
    if (isAbort(error) || signal.aborted) return;
    const message = error instanceof ApiError ? error.message : `The viewer failed: ${error}`;
    store.set({ problem: { message, source: "session", retry } });
  } finally {
    store.set({ busy: store.get().busy - 1 });
  }
}

/** @param {Store} store @param {AbortSignal} signal */
async function openCatalogue(store, signal) {
  const datasets = await getDatasets(signal);
  store.set({ datasets });
  if (!store.get().dataset) {
    const first = datasets.find(({ status }) => status === "ready");
    if (first) store.set({ dataset: first.id });
  }
  if (datasets.some(({ status }) => status === "pending")) {
    setTimeout(() => !signal.aborted && attempt(store, signal, () => openCatalogue(store, signal), null), PENDING_POLL_MS);
  }
}

/** @param {Store} store @param {AbortSignal} signal */
async function openDataset(store, signal) {
  const id = store.get().dataset ?? "";
  store.set({ detail: null, times: [], playing: false, nextTime: null });
  const detail = await getDetail(id, signal);
  if (detail.status !== "ready") throw new ApiError(detail.error ?? `Dataset ${id} is still being opened. Try again in a moment.`, 0);
  const { variable } = store.get();
  const known = detail.variables.some((one) => one.id === variable);
  const shown = known ? variable : (firstVariable(detail)?.id ?? null);
  store.set({ detail, variable: shown });
  if (variable && !known) {
    const message = `Dataset ${id} has no variable ${variable}; ${shown ?? "nothing"} is shown instead.`;
    store.set({ problem: { message, source: "link", retry: null } });
  }
  if (detail.dimensions.time?.type === "time" && detail.dimensions.time.size) store.set({ times: await getTimes(id, signal) });
}

/**
 * What choosing a dataset resets: all that belongs to the one before.
 * @param {string} dataset
 * @returns {Partial<import("./types.js").State>}
 */
export function chooseDataset(dataset) {
  const style = { colormap: null, rescale: null, scale: null };
  return {
    dataset, variable: null, time: null, dims: {}, ...style, view: null, point: null, chart: null,
    detail: null, times: [], playing: false, nextTime: null, problem: null,
  };
}

/** @param {string} variable @returns {Partial<import("./types.js").State>} */
export function chooseVariable(variable) {
  return { variable, colormap: null, rescale: null, scale: null, chart: null };
}
