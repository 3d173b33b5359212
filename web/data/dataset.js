/** The datasets: searched, in groups of their themes, with a picture and what each covers, or why it cannot be shown. */
import { showPicture } from "../access/picture.js";
import { h, icon, iconButton } from "../lib/dom.js";
import { addLayer, showOnly } from "../lib/layers.js";
import { activeOf, detailOf } from "../lib/select.js";
import { getLanguage, t } from "../lib/text.js";
import { formatTime } from "../lib/time.js";
import { groupsOf, matching, thumbnailAddress } from "./catalogue.js";

/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Store} Store */

const FILTER_FROM = 5; // datasets: fewer are seen at a glance
const GROUPS_FROM = 5;
const THUMBNAIL = 88; // pixels asked for; shown at half of that

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountDatasets(element, store) {
  const list = h("div", { className: "datasets" });
  const found = h("p", { className: "off-screen", role: "status" });
  const filter = h("input", { type: "search", className: "field", placeholder: t("data.find"), "aria-label": t("data.find"), hidden: true });
  const pictures = new Pictures();
  let drawn = "";
  const show = () => {
    const state = store.get();
    const { datasets } = state;
    const active = activeOf(state);
    const key = JSON.stringify([datasets?.map(({ id, status }) => [id, status]), active?.dataset, Boolean(detailOf(state, active)), filter.value]);
    if (key === drawn) return;
    drawn = key;
    filter.hidden = (datasets?.length ?? 0) < FILTER_FROM;
    const matches = matching(datasets ?? [], filter.value);
    found.textContent = filter.value ? t("data.found", { count: matches.length }) : "";
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest(".dataset button"))?.dataset.key;
    const scrolled = list.scrollTop;
    list.replaceChildren(...content(store, matches, filter.value, pictures));
    list.scrollTop = scrolled;
    revealChosen(list);
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
  };
  element.append(filter, found, list);
  filter.addEventListener("input", show);
  const stops = [store.subscribe(["datasets", "layers", "active", "details"], show), pictures.startWhenIdle(store)];
  return () => {
    stops.forEach((stop) => stop());
    element.replaceChildren();
  };
}

/** Scrolls the list alone, and only as far as is needed. @param {HTMLElement} list */
function revealChosen(list) {
  const chosen = /** @type {HTMLElement | null} */ (list.querySelector("[aria-current]"));
  if (!chosen) return;
  const [row, box] = [chosen.getBoundingClientRect(), list.getBoundingClientRect()];
  if (row.top < box.top) list.scrollTop -= box.top - row.top;
  else if (row.bottom > box.bottom) list.scrollTop += row.bottom - box.bottom;
}

/** @param {Store} store @param {Summary[]} matches @param {string} wanted @param {Pictures} pictures */
function content(store, matches, wanted, pictures) {
  const { datasets } = store.get();
  if (!datasets) return [1, 2, 3].map(() => h("div", { className: "skeleton" }));
  if (!datasets.length) return [emptyCatalogue()];
  if (!matches.length) return [h("p", { className: "empty" }, t("data.notFound", { wanted }))];
  const rows = (/** @type {Summary[]} */ some) => h("ul", { className: "choices" }, ...some.map((dataset) => row(dataset, store, pictures)));
  if (datasets.length < GROUPS_FROM) return [rows(matches)];
  return groupsOf(matches).map(({ theme, datasets: some }) => h("section", { className: "group" }, h("h3", {}, theme ?? t("data.noTheme")), rows(some)));
}

/** @param {Summary} dataset @param {Store} store @param {Pictures} pictures */
function row(dataset, store, pictures) {
  const { id, title, status, on_demand } = dataset;
  const state = store.get();
  const active = activeOf(state);
  const isChosen = active?.dataset === id;
  const description = isChosen ? detailOf(state, active)?.description : null;
  const choose = () => !isChosen && store.set({ ...showOnly(store.get(), id), view: null, problem: null });
  const add = iconButton("plus", t("data.add", { title: title || id }), () => store.set(addLayer(store.get(), { dataset: id })));
  add.dataset.key = `add ${id}`;
  return h("li", { className: "dataset" },
    h("button", { type: "button", className: `choice is-${status}`, "data-key": id, "aria-current": isChosen ? "true" : null, disabled: status === "pending" && !on_demand, onclick: choose },
      pictures.of(dataset),
      h("span", { className: "choice-text" },
        h("span", { className: "choice-title" }, title || id),
        h("span", { className: "choice-note" }, noteOf(dataset)),
        description && h("span", { className: "choice-note" }, description))),
    (status === "ready" || on_demand) && add,
  );
}

/** @param {Summary} dataset */
function noteOf({ status, on_demand, error, time, variables }) {
  if (status === "error") return error ?? t("data.cannotOpen");
  if (status === "pending" && !on_demand) return t("data.pending");
  if (!variables.length && on_demand) return "";
  if (!time) return t(variables.length === 1 ? "data.oneVariable" : "data.variables", { count: variables.length });
  const years = [time.start, time.end].map((end) => formatTime(end).split(" ").slice(1).join(" "));
  const span = years[0] === years[1] ? years[0] : years.join(" – ");
  return `${span} · ${t(time.count === 1 ? "data.oneStep" : "data.steps", { count: time.count.toLocaleString(getLanguage()) })}`;
}

function emptyCatalogue() {
  return h("div", { className: "empty" },
    h("strong", {}, t("data.empty")),
    h("p", {}, t("data.emptyHint")),
    h("code", {}, "tileserver serve --catalog catalog.yaml"),
  );
}

/** Pictures of datasets: kept, and asked for once the map has all that it needs. */
class Pictures {
  /** @type {Map<string, HTMLElement>} */
  #known = new Map();
  #isOpen = false;

  /** @param {Summary} dataset */
  of(dataset) {
    const known = this.#known.get(dataset.id);
    if (known) return known;
    const address = dataset.status === "ready" ? thumbnailAddress(dataset, THUMBNAIL) : null;
    const image = address && h("img", { alt: "", width: THUMBNAIL / 2, height: THUMBNAIL / 2, loading: "lazy", "data-src": address });
    if (image) image.addEventListener("error", () => image.remove());
    const frame = h("span", { className: "thumbnail" }, image || icon(dataset.status === "error" ? "alert" : "layers"));
    if (dataset.status === "ready") this.#known.set(dataset.id, frame);
    if (this.#isOpen) show(frame);
    return frame;
  }

  /** @param {Store} store */
  startWhenIdle(store) {
    return store.subscribe(["loading", "busy", "details"], ({ loading, busy, details }) => {
      if (loading || busy || this.#isOpen || !Object.keys(details).length) return;
      this.#isOpen = true;
      this.#known.forEach(show);
    });
  }
}

/** @param {HTMLElement} frame */
function show(frame) {
  const image = frame.querySelector("img");
  const address = image?.dataset.src;
  if (!image || !address) return;
  delete image.dataset.src;
  showPicture(image, address);
}
