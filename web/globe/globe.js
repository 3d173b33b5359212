/** The globe: the layers of the map on an earth that turns, poles and all. */
import { mountCamera } from "./camera.js";
import { mountControls } from "./control.js";
import { mountData } from "./data.js";
import { mountGround } from "./ground.js";
import { mountKeys } from "./keys.js";
import { mountNames } from "./names.js";
import { mountPick } from "./pick.js";
import { mountPlaces } from "./places.js";
import { createStage, mountBackground } from "./stage.js";
import { mountTerrain } from "./terrain.js";
import { mountWindow } from "./window.js";
import { h } from "../lib/dom.js";
import { choosePoint } from "../lib/places.js";
import { t } from "../lib/text.js";
import { creditsOf } from "../map/attribution.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./cesium.js").CesiumWidget} Widget */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountGlobe(element, store) {
  const place = mountWindow(element);
  const widget = createStage(place.frame);
  widget.canvas.setAttribute("aria-label", t("globe.canvas"));
  widget.canvas.setAttribute("role", "application");
  const base = mountGround(widget.scene, store);
  const stops = [
    mountPause(widget, store),
    mountBackground(widget.scene),
    mountCamera(element, widget, store, place.covered),
    mountTerrain(widget, store),
    mountData(widget, store, base),
    mountNames(widget, store),
    mountPlaces(widget.scene, store),
    mountPick(element, widget, store, ({ lon, lat }) => store.set(choosePoint(store.get(), lon, lat))),
    mountKeys(widget.canvas, element),
    mountControls(element, store),
    mountCredit(element, store),
    base.stop,
    widget.scene.renderError.addEventListener((_scene, error) =>
      store.set({ mode: "map", problem: { message: t("globe.failed", { message: String(error) }), source: "globe", retry: null } })),
  ];
  return () => {
    stops.forEach((stop) => stop());
    widget.destroy();
    place.stop();
  };
}

/** Whose data and whose map is seen. @param {HTMLElement} element @param {Store} store */
function mountCredit(element, store) {
  const credit = h("p", { className: "globe-credit" });
  element.append(credit);
  return store.subscribe(["layers", "details", "basemap", "config"], (state) => (credit.textContent = creditsOf(state).join(", ")));
}

/** Hidden, it draws nothing. @param {Widget} widget @param {Store} store */
function mountPause(widget, store) {
  const show = () => {
    widget.useDefaultRenderLoop = store.get().mode === "globe" && !document.hidden;
    widget.scene.requestRender();
  };
  document.addEventListener("visibilitychange", show);
  const stop = store.subscribe(["mode"], show);
  return () => {
    stop();
    document.removeEventListener("visibilitychange", show);
  };
}
