/** The places as a list: colour, name, value at the shown step; show on the map, remove. */
import { h, iconButton } from "../lib/dom.js";
import { formatPlace, formatUnits } from "../lib/number.js";
import { PALETTE } from "../lib/places.js";
import { getLanguage, t } from "../lib/text.js";
import { mapOf } from "../map/map.js";
import { extentOf, isPoint, lengthOf, middleOf, sizeOf } from "./shape.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Place} Place */
/** @typedef {{text: string, unit: string}} Told */

const SQUARE_KM = 1e6;

/** What a place is called; one that was clicked by where it is. @param {Place} place */
export function nameOf(place) {
  const [lon, lat] = middleOf(place);
  return place.name || formatPlace(lat, lon);
}

/** Where it is, or how large. @param {Place} place */
export function detailOf(place) {
  const [lon, lat] = middleOf(place);
  if (isPoint(place)) return formatPlace(lat, lon);
  const [size, length] = [sizeOf(place) / SQUARE_KM, lengthOf(place) / 1000];
  const number = (size || length).toLocaleString(getLanguage(), { maximumSignificantDigits: 3 });
  return size ? `${number} km²` : `${number} km`;
}

/** @param {Store} store @param {string} id @param {Partial<Place>} patch */
function patchPlace(store, id, patch) {
  store.set({ places: store.get().places.map((place) => (place.id === id ? { ...place, ...patch } : place)) });
}

/**
 * @param {Store} store
 * @param {(place: Place) => Told[]} read the values of a place, one for each variable of the chart
 */
export function placeRows(store, read) {
  const { places, place: chosen } = store.get();
  return places.map((place) => {
    const name = h("input", {
      className: "place-name", value: place.name, placeholder: nameOf(place), "aria-label": t("analysis.name"), spellcheck: false,
      onchange: () => patchPlace(store, place.id, { name: name.value.trim() }),
      onfocus: () => store.set({ place: place.id }),
    });
    const row = h("li", { className: place.id === chosen ? "place-row is-chosen" : "place-row" },
      colourOf(store, place),
      h("div", { className: "place-title" }, name, place.name && h("span", { className: "muted" }, detailOf(place))),
      h("div", { className: "place-values" }, ...read(place).map(({ text, unit }) => h("span", {}, h("strong", {}, text), unit && ` ${formatUnits(unit)}`))),
      iconButton("fit", t("analysis.zoomTo", { name: nameOf(place) }), () => showPlace(place)),
      iconButton("trash", t("analysis.remove", { name: nameOf(place) }), () => removePlace(store, place.id)));
    row.addEventListener("click", (event) => event.target === row && store.set({ place: place.id }));
    return row;
  });
}

/** Another colour of the palette at each press. @param {Store} store @param {Place} place */
function colourOf(store, place) {
  const { id, color } = place;
  const next = PALETTE[(PALETTE.indexOf(color) + 1) % PALETTE.length];
  const button = h("button", { type: "button", className: "place-colour", title: t("analysis.colour"), "aria-label": `${t("analysis.colour")}: ${nameOf(place)}`, onclick: () => patchPlace(store, id, { color: next }) });
  button.style.setProperty("--place", color);
  return button;
}

/** @param {Store} store @param {string} id */
function removePlace(store, id) {
  const places = store.get().places.filter((place) => place.id !== id);
  const isChosen = store.get().place === id;
  store.set({ places, ...(isChosen ? { place: places.at(-1)?.id ?? null } : {}) });
}

/** @param {Place} place */
function showPlace(place) {
  const map = mapOf(/** @type {HTMLElement} */ (document.getElementById("map")));
  const [lon, lat] = middleOf(place);
  if (isPoint(place)) return void map.setView([lat, lon], Math.max(6, map.getZoom()));
  const [west, south, east, north] = extentOf(place.geometry);
  const margin = (place.radius_m ?? 0) / 100_000; // degrees, roughly
  map.fitBounds([[south - margin, west - margin], [north + margin, east + margin]], { padding: [80, 80] });
}

/** Other rows in place of a list's; what is being named is not drawn anew under the hands, and what has the focus keeps it. @param {HTMLElement} list @param {HTMLElement[]} rows */
export function renew(list, rows) {
  const controls = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button, input")]);
  const at = controls().findIndex((control) => control === document.activeElement);
  const isNaming = document.activeElement instanceof HTMLInputElement && at >= 0 && list.childElementCount === rows.length;
  if (!isNaming) {
    list.replaceChildren(...rows);
    return controls()[at]?.focus();
  }
  rows.forEach((row, i) => {
    list.children[i].className = row.className;
    list.children[i].querySelector(".place-values")?.replaceWith(/** @type {Element} */ (row.querySelector(".place-values")));
  });
}
