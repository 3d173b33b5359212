/** Tells why tiles of a layer are missing: once for each layer, while the others stay. */
import { detailOf, variableOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { advise } from "./advice.js";

/** @typedef {import("../types.js").Store} Store */

const SOURCE = "tiles";

export class Failures {
  /** What was told of layers, by id. @type {Map<string, string>} */
  #told = new Map();

  /** @param {Store} store @param {() => void} retry */
  constructor(store, retry) {
    this.store = store;
    this.retry = () => {
      this.#told.clear();
      retry();
    };
  }

  /** @param {import("./frame.js").Frame} frame that is whole */
  tell(frame) {
    for (const { layer } of frame.sheets) {
      const message = frame.failures.get(layer.id)?.message;
      if (!message) this.#told.delete(layer.id);
      else this.#report(layer, message, frame.sheets.length);
    }
    if (!frame.failures.size && this.store.get().problem?.source === SOURCE) this.store.set({ problem: null });
    advise(this.store, frame);
  }

  /** @param {import("../types.js").Layer} layer @param {string} message @param {number} layers that are shown */
  #report(layer, message, layers) {
    const state = this.store.get();
    const title = variableOf(state, layer)?.title ?? detailOf(state, layer)?.title ?? layer.dataset;
    const text = layers > 1 ? t("map.failed", { title, message }) : message;
    if (this.#told.get(layer.id) === text) return;
    this.#told.set(layer.id, text);
    this.store.set({ problem: { message: text, source: SOURCE, retry: this.retry }, ...(layers > 1 ? {} : { playing: false }) });
  }
}
