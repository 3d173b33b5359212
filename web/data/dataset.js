/** The list of datasets, with what each covers, or why it cannot be shown. */
import { h } from "../lib/dom.js";
import { showOnly } from "../lib/layers.js";
import { activeOf, detailOf } from "../lib/select.js";
import { plural } from "../lib/number.js";
import { formatTime } from "../lib/time.js";

/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Store} Store */

const FILTER_FROM = 8; // datasets: fewer are seen at a glance

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountDatasets(element, store) {
  const list = h("ul", { className: "choices" });
  const filter = h("input", { type: "search", className: "field", placeholder: "Find a dataset", "aria-label": "Find a dataset", hidden: true });
  const show = () => {
    const state = store.get();
    const { datasets } = state;
    const active = activeOf(state);
    filter.hidden = (datasets?.length ?? 0) < FILTER_FROM;
    list.replaceChildren(...rows(datasets, filter.value, active?.dataset ?? null, detailOf(state, active)?.description ?? "", store));
  };
  element.append(filter, list);
  filter.addEventListener("input", show);
  return store.subscribe(["datasets", "layers", "active", "details"], show);
}

/**
 * @param {Summary[] | null} datasets @param {string} wanted @param {string | null} chosen
 * @param {string} description of the chosen one @param {Store} store
 */
function rows(datasets, wanted, chosen, description, store) {
  if (!datasets) return [1, 2, 3].map(() => h("li", { className: "skeleton" }));
  if (!datasets.length) return [emptyCatalogue()];
  const text = wanted.trim().toLowerCase();
  const found = datasets.filter(({ id, title }) => `${id} ${title}`.toLowerCase().includes(text));
  if (!found.length) return [h("li", { className: "empty" }, `No dataset is called “${wanted}”.`)];
  return found.map((dataset) => row(dataset, dataset.id === chosen, description, store));
}

/** @param {Summary} dataset @param {boolean} isChosen @param {string} description @param {Store} store */
function row(dataset, isChosen, description, store) {
  const { id, title, status } = dataset;
  return h("li", {},
    h("button", {
      type: "button",
      className: `choice is-${status}`,
      "aria-current": isChosen ? "true" : null,
      disabled: status === "pending",
      onclick: () => !isChosen && store.set({ ...showOnly(store.get(), id), view: null, problem: null }),
    },
      h("span", { className: "choice-title" }, title || id),
      h("span", { className: "choice-note" }, noteOf(dataset)),
      isChosen && description && h("span", { className: "choice-note" }, description),
    ),
  );
}

/** @param {Summary} dataset */
function noteOf({ status, error, time, variables }) {
  if (status === "error") return error ?? "cannot be opened";
  if (status === "pending") return "is being opened…";
  const count = plural(variables.length, "variable");
  if (!time) return count;
  const years = [time.start, time.end].map((end) => formatTime(end).split(" ").slice(1).join(" "));
  return `${years[0] === years[1] ? years[0] : years.join(" – ")} · ${plural(time.count, "step")}`;
}

function emptyCatalogue() {
  return h("li", { className: "empty" },
    h("strong", {}, "No datasets yet"),
    h("p", {}, "Name some in a catalogue, and start the server with it:"),
    h("code", {}, "tileserver serve --catalog catalog.yaml"),
  );
}
