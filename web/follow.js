/**
 * Follows the datasets that are shown: what is written while one looks on is there without a reload.
 *
 * Who looks at the last step goes on to the new one; who looks at another stays. A hidden page does not
 * listen, as browsers have six connections to a server at most for all of its pages over HTTP/1.1; what it
 * has missed it learns as soon as it is seen again.
 */
import { getAxis, getDetail } from "./api.js";
import { listen } from "./listen.js";
import { path } from "./lib/address.js";
import { latestTimes } from "./lib/latest.js";
import { axisKey, detailOf, timeDimension, variableOf } from "./lib/select.js";
import { t } from "./lib/text.js";
import { formatTime, hasClock } from "./lib/time.js";

/** @typedef {import("./types.js").Store} Store */
/** @typedef {import("./types.js").Detail} Detail */
/** @typedef {{version: string | null, added?: {after: string, end: string, count: number} | null}} Told */

const MOST = 2; // datasets that are followed at once
const [TRIES, AGAIN_MS] = [8, 400]; // until all workers of the server know
const KINDS = ["ready", "changed"];
const NEWS_MS = 12_000;
const SOURCE = "news";

/** @param {Store} store @returns {() => void} stop */
export function followEvents(store) {
  /** @type {Map<string, Following>} */
  const followed = new Map();
  const update = () => {
    const wanted = document.visibilityState === "visible" ? wantedOf(store) : [];
    for (const [id, following] of followed) {
      if (wanted.includes(id)) continue;
      following.stop();
      followed.delete(id);
    }
    for (const id of wanted) if (!followed.has(id)) followed.set(id, new Following(store, id));
  };
  document.addEventListener("visibilitychange", update);
  const stop = store.subscribe(["layers", "active", "details"], update);
  return () => {
    stop();
    document.removeEventListener("visibilitychange", update);
    for (const following of followed.values()) following.stop();
  };
}

/** The datasets of visible layers that are loaded, that of the active layer first. @param {Store} store */
function wantedOf(store) {
  const { layers, active, details } = store.get();
  const shown = layers.filter(({ visible, dataset }) => visible && Object.hasOwn(details, dataset));
  const sorted = [...shown.filter(({ id }) => id === active), ...shown].map(({ dataset }) => dataset);
  return [...new Set(sorted)].slice(0, MOST);
}

class Following {
  #controller = new AbortController();
  #listening = new AbortController();

  /** @param {Store} store @param {string} id of a dataset */
  constructor(store, id) {
    this.store = store;
    this.id = id;
    listen(`datasets/${path(id)}/events`, KINDS, this.#listening.signal, ({ kind, data }) => {
      if (KINDS.includes(kind)) void this.#hear(JSON.parse(data));
    });
  }

  stop() {
    this.#listening.abort();
    this.#controller.abort();
  }

  /** @param {Told} told */
  async #hear({ version }) {
    if (!version || version === this.store.get().details[this.id]?.version) return;
    this.#controller.abort(); // an older change on its way
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    try {
      await this.#take(version, signal);
    } catch {
      // The next event comes, or the next look at the page; what is shown stays as it is.
    }
  }

  /** @param {string} version @param {AbortSignal} signal */
  async #take(version, signal) {
    const detail = await this.#detail(version, signal);
    const state = this.store.get();
    const names = [...new Set(detail.variables.map((variable) => timeDimension(detail, variable)).filter((name) => name !== null))];
    const found = await Promise.all(names.map(async (name) => [axisKey(this.id, name), await getAxis(this.id, name, signal, "no-cache")]));
    const axes = Object.fromEntries(found);
    const now = this.store.get();
    // All at once: no tile is asked for with the new steps and the old version.
    this.store.set({
      details: { ...now.details, [this.id]: detail },
      axes: { ...now.axes, ...axes },
      datasets: now.datasets && now.datasets.map((one) => (one.id === this.id ? { ...one, time: detail.time, bbox: detail.bbox } : one)),
      ...latestTimes(now, this.id, axes),
    });
    this.#announce(detail, state.axes, axes);
  }

  /** @param {string} version @param {AbortSignal} signal @returns {Promise<Detail>} */
  async #detail(version, signal) {
    for (let tried = 1; ; tried++) {
      const detail = await getDetail(this.id, signal, "no-cache");
      if (detail.status === "ready" && (detail.version === version || tried === TRIES)) return detail;
      if (tried === TRIES) throw new Error(`${this.id}: ${detail.status}`);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** @param {Detail} detail @param {Record<string, string[]>} before @param {Record<string, string[]>} axes that are now */
  #announce(detail, before, axes) {
    const { store } = this;
    const [key, times] = Object.entries(axes)[0] ?? ["", []];
    const known = before[key] ?? [];
    const added = known.length && times[known.length - 1] === known[known.length - 1] ? times.length - known.length : 0;
    const time = times.length ? formatTime(times[times.length - 1], hasClock(times)) : "";
    const words = added > 1 ? "time.newsMany" : added === 1 ? "time.news" : "time.newsOther";
    const message = t(words, { title: detail.title || this.id, time, count: added });
    const isElsewhere = added > 0 && !this.#isLatest(times);
    const retry = isElsewhere ? () => store.set({ ...latestTimes(store.get(), this.id, axes, true), playing: false }) : null;
    const problem = { message, source: SOURCE, retry, isCalm: true, action: t("time.newsShow") };
    store.set({ problem });
    setTimeout(() => store.get().problem === problem && store.set({ problem: null }), NEWS_MS);
  }

  /** Whether what is shown is the last step. @param {string[]} times */
  #isLatest(times) {
    const state = this.store.get();
    const layer = state.layers.find(({ dataset }) => dataset === this.id) ?? null;
    if (!layer || !timeDimension(detailOf(state, layer), variableOf(state, layer))) return true;
    const shown = layer.time ?? state.time;
    return shown === null || shown === times[times.length - 1];
  }
}
