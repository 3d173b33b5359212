/** Draws a line on the map, and opens the section along it. */
import { draw } from "../analysis/draw.js";
import { addPlace } from "../lib/places.js";
import { t } from "../lib/text.js";

/** @param {import("../types.js").Store} store */
export async function drawLine(store) {
  store.set({ mode: "map" });
  const geometry = await draw("line");
  if (geometry?.type !== "LineString") return;
  const { places, section } = store.get();
  const name = t("section.name", { count: places.filter((place) => place.geometry.type === "LineString").length + 1 });
  store.set({ ...addPlace({ places }, { name, geometry }), tab: "section", section: section === "lineTime" ? section : "line" });
}
