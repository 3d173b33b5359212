/** The tool for places: draw one, read some from a file, forget all. And the places on the map themselves. */
import { h } from "../lib/dom.js";
import { addPlace } from "../lib/places.js";
import { t } from "../lib/text.js";
import { createMenu, menuItem } from "../shell/menu.js";
import { drawPlace } from "./draw.js";
import { mountDrop } from "./drop.js";
import { mountMarks } from "./marks.js";
import { areaOf } from "./shape.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./sketch.js").Kind} Kind */

const KINDS = /** @type {const} */ (["point", "polygon", "rectangle", "circle"]);

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountPlaces(element, store) {
  const { button, menu } = createMenu("draw", t("analysis.places"), (close) => [
    h("h2", {}, t("analysis.places")),
    ...KINDS.map((kind) => menuItem(kind, t(`analysis.draw.${kind}`), () => {
      close();
      void drawInto(store, kind);
    })),
    menuItem("line", t("section.drawLine"), async () => {
      close();
      await (await import("../section/draw.js")).drawLine(store);
    }),
    h("hr", { className: "menu-line" }),
    menuItem("download", t("analysis.import"), async () => {
      close();
      (await import("./import.js")).openImport(store);
    }),
    ...(store.get().places.length ? [menuItem("trash", t("analysis.clear"), () => {
      close();
      store.set({ places: [], place: null });
    })] : []),
  ]);
  element.append(button, menu);
  const stops = [
    mountMarks(/** @type {HTMLElement} */ (document.getElementById("map")), store),
    mountDrop(document.body, store),
  ];
  return () => {
    stops.forEach((stop) => stop());
    element.replaceChildren();
  };
}

/** @param {Store} store @param {Kind} kind */
async function drawInto(store, kind) {
  if (store.get().mode !== "map") store.set({ mode: "map" });
  const drawn = await drawPlace(kind);
  if (!drawn) return;
  const { places } = store.get();
  const count = places.filter(({ name }) => name).length + 1;
  const place = { ...drawn, name: kind === "point" ? t("analysis.pointName", { count }) : t("analysis.areaName", { count }) };
  store.set(addPlace(store.get(), place));
  if (!areaOf({ ...place, id: "", color: "" })) store.set({ place: null });
}
