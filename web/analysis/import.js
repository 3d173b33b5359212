/** Places from a file or a text: GeoJSON, WKT, or a table with longitudes and latitudes. */
import { h } from "../lib/dom.js";
import { addPlace } from "../lib/places.js";
import { t } from "../lib/text.js";
import { mapOf } from "../map/map.js";
import { openDialog } from "../shell/dialog.js";
import { FormatError, parsePlaces } from "./format.js";
import { extentOf } from "./shape.js";

/** @typedef {import("../types.js").Store} Store */

const LARGEST = 5 * 2 ** 20; // bytes

/** @param {Store} store @param {string} [text] to begin with @param {string} [problem] with it */
export function openImport(store, text = "", problem = "") {
  const told = h("p", { className: "import-problem", role: "alert" }, problem);
  const area = h("textarea", { className: "field import-text", rows: 8, spellcheck: false, placeholder: t("analysis.importExample"), "aria-label": t("analysis.importText") });
  area.value = text;
  const file = h("input", { type: "file", className: "import-file", accept: ".geojson,.json,.csv,.tsv,.txt,.wkt", "aria-label": t("analysis.importFile") });
  const take = () => {
    const trouble = takeText(store, area.value, "");
    told.textContent = trouble;
    if (!trouble) dialog.close();
  };
  file.addEventListener("change", async () => {
    const [chosen] = file.files ?? [];
    if (chosen) area.value = chosen.size > LARGEST ? "" : await chosen.text();
    told.textContent = chosen && chosen.size > LARGEST ? t("analysis.tooLarge") : "";
  });
  const dialog = openDialog(t("analysis.import"),
    h("p", { className: "muted" }, t("analysis.importHelp")), file, area, told,
    h("div", { className: "dialog-actions" }, h("button", { type: "button", className: "button is-primary", onclick: take }, t("analysis.importTake"))));
  area.focus();
}

/** @param {File} file @param {Store} store */
export async function readFile(file, store) {
  if (file.size > LARGEST) return openImport(store, "", t("analysis.tooLarge"));
  const text = await file.text();
  const problem = takeText(store, text, file.name.replace(/\.\w+$/, ""));
  if (problem) openImport(store, text.slice(0, 4000), problem);
}

/** @param {Store} store @param {string} text @param {string} title of places without a name @returns {string} what is wrong with it, if anything */
function takeText(store, text, title) {
  try {
    const found = parsePlaces(text);
    found.forEach(({ name, geometry }, i) => {
      const fallback = title && found.length === 1 ? title : t(geometry.type === "Point" ? "analysis.pointName" : "analysis.areaName", { count: i + 1 });
      store.set(addPlace(store.get(), { name: name || fallback, geometry }));
    });
    showAll(found.map(({ geometry }) => geometry));
    return "";
  } catch (error) {
    return error instanceof FormatError ? t(error.key, error.values) : String(error);
  }
}

/** @param {import("../types.js").Geometry[]} geometries */
function showAll(geometries) {
  const boxes = geometries.map(extentOf);
  const map = mapOf(/** @type {HTMLElement} */ (document.getElementById("map")));
  const corners = /** @type {[number, number][]} */ (boxes.flatMap(([west, south, east, north]) => [[south, west], [north, east]]));
  const isSeen = corners.every((corner) => map.getBounds().contains(corner));
  if (!isSeen) map.fitBounds(corners, { maxZoom: Math.max(8, map.getZoom()), padding: [60, 60] });
}
