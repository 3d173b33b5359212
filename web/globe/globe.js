/** The globe: the layers of the map on an earth that turns, poles and all. */
import { mountCamera } from "./camera.js";
import { mountControls } from "./control.js";
import { mountData } from "./data.js";
import { mountGround } from "./ground.js";
import { mountKeys } from "./keys.js";
import { mountPick } from "./pick.js";
import { mountPlaces } from "./places.js";
import { createStage } from "./stage.js";
import { mountTerrain } from "./terrain.js";
import { choosePoint } from "../lib/places.js";
import { t } from "../lib/text.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./cesium.js").CesiumWidget} Widget */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountGlobe(element, store) {
  const widget = createStage(element);
  widget.canvas.setAttribute("aria-label", t("globe.canvas"));
  widget.canvas.setAttribute("role", "application");
  const base = mountGround(widget.scene);
  const stops = [
    mountPause(widget, store),
    mountCamera(element, widget, store),
    mountTerrain(widget, store),
    mountData(widget, store, base),
    mountPlaces(widget.scene, store),
    mountPick(element, widget, store, ({ lon, lat }) => store.set(choosePoint(store.get(), lon, lat))),
    mountKeys(widget.canvas, element),
    mountControls(element, store),
    base.stop,
    widget.scene.renderError.addEventListener((_scene, error) =>
      store.set({ mode: "map", problem: { message: t("globe.failed", { message: String(error) }), source: "globe", retry: null } })),
  ];
  return () => {
    stops.forEach((stop) => stop());
    widget.destroy();
  };
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
