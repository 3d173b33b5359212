/** The second map: its view, its place beside or above the first, the line between them, labels, crosshair. */
import { mountMarks } from "../analysis/marks.js";
import { mapOf, mountMap } from "../map/map.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { coveredSides } from "../shell/room.js";
import { L } from "../vendor.js";
import { mountCrosshair } from "./crosshair.js";
import { createHandle } from "./handle.js";
import { createLabel, labelsOf } from "./label.js";
import { stepTogether } from "./play.js";
import { splitOf } from "./split.js";
import { pairOf } from "./stores.js";
import { syncMaps } from "./sync.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Compare} Compare */

/**
 * @param {HTMLElement} element @param {Store} store
 * @param {boolean} isRestored whether a link says so: its view is that of maps which are so laid out
 * @returns {() => void} close
 */
export function openSecond(element, store, isRestored) {
  const frame = /** @type {HTMLElement} */ (element.parentElement);
  const firstElement = /** @type {HTMLElement} */ (document.getElementById("map"));
  const first = mapOf(firstElement);
  const pair = pairOf(store);
  pair.open(true);
  const mapElement = h("div", { className: "compare-map", role: "region", "aria-label": t("compare.second") });
  const handle = createHandle(frame, (at) => patch(store, { at }));
  const labels = [createLabel("left"), createLabel("right")];
  element.append(mapElement, handle.element, ...labels.map((label) => label.element));
  const unmount = mountMap(mapElement, pair.second);
  const second = mapOf(mapElement);
  const split = () => splitOf(frame.clientWidth, frame.clientHeight, coveredSides());
  const anchor = (/** @type {import("../vendor.js").L.Map} */ map) =>
    store.get().compare?.kind === "side" ? L.point(map === first ? split().first : split().second) : L.point(0, 0);
  const sync = syncMaps(first, second, anchor);
  let kind = isRestored ? store.get().compare?.kind : null;
  const layOut = () => {
    const { compare } = store.get();
    if (!compare || !place(frame, compare, split())) return;
    const middle = compare.kind === kind ? null : middleOf(first, kind === "side" ? split() : null);
    kind = compare.kind;
    sync.align(() => keepCentre(first, middle, anchor(first)));
  };
  const observer = new ResizeObserver(layOut);
  for (const part of [frame, ...document.querySelectorAll("#timebar, #panel, #analysis")]) observer.observe(part);
  const stops = [
    store.subscribe(["compare"], ({ compare }) => compare && handle.show(compare.at)),
    store.subscribe(["compare"], layOut),
    store.subscribe(["compare", "layers", "active", "details", "axes", "time"], (state) =>
      labelsOf(state).forEach((words, i) => labels[i].show(words))),
    mountMarks(mapElement, store),
    stepTogether(store),
    mountCrosshair([first, second], () => store.get().compare?.kind === "side"),
    sync.stop,
    () => observer.disconnect(),
    () => pair.open(false),
  ];
  return () => {
    stops.forEach((stop) => stop());
    unmount();
    element.replaceChildren();
    const middle = kind === "side" ? middleOf(first, split()) : null;
    document.body.classList.remove("is-swiped", "is-side", "is-stacked");
    const { x, y } = first.invalidateSize({ pan: false, animate: false }).getSize();
    const { left, right, bottom } = coveredSides();
    if (middle) keepCentre(first, middle, L.point((left + x - right) / 2, (y - bottom) / 2));
  };
}

/** @param {Store} store @param {Partial<Compare>} change */
export function patch(store, change) {
  const { compare } = store.get();
  if (compare) store.set({ compare: { ...compare, ...change } });
}

/** What is in the middle of what is seen of a map. @param {import("../vendor.js").L.Map} map @param {ReturnType<typeof splitOf> | null} split where it is one of two */
function middleOf(map, split) {
  const { x, y } = map.getSize();
  const { left, right, bottom } = coveredSides();
  return map.containerPointToLatLng(split ? L.point(split.first) : L.point((left + x - right) / 2, (y - bottom) / 2));
}

/**
 * After a change of the map's size its centre stays where it was; or a place comes to an anchor.
 * @param {import("../vendor.js").L.Map} map @param {import("../vendor.js").L.LatLng | null} place @param {import("../vendor.js").L.Point} anchor
 */
function keepCentre(map, place, anchor) {
  const [centre, zoom] = [map.getCenter(), map.getZoom()];
  map.invalidateSize({ pan: false, animate: false });
  const isWhole = anchor.x === 0 && anchor.y === 0;
  const moved = place && !isWhole && map.unproject(map.project(place, zoom).subtract(anchor).add(map.getSize().divideBy(2)), zoom);
  map.setView(moved || centre, zoom, { animate: false });
}

/** @param {HTMLElement} frame @param {Compare} compare @param {ReturnType<typeof splitOf>} split @returns {boolean} whether maps have other sizes now */
function place(frame, compare, split) {
  const { classList } = document.body;
  const isSide = compare.kind === "side";
  const was = [classList.contains("is-swiped"), classList.contains("is-side"), classList.contains("is-stacked"), frame.style.getPropertyValue("--split")].join();
  classList.toggle("is-swiped", !isSide);
  classList.toggle("is-side", isSide);
  classList.toggle("is-stacked", isSide && split.isStacked);
  frame.style.setProperty("--swipe", `${100 * compare.at}%`);
  frame.style.setProperty("--split", `${split.at}px`);
  frame.style.setProperty("--covered", `${split.covered}px`);
  return was !== [!isSide, isSide, isSide && split.isStacked, `${split.at}px`].join();
}
