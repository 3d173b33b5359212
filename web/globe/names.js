/** Names of countries on the globe, each from as near as its country has room for it. */
import {
  Cartesian3, Color, DistanceDisplayCondition, HorizontalOrigin, LabelCollection, LabelStyle, VerticalOrigin,
} from "./cesium.js";
import { basemapOf } from "../map/basemap.js";
import { loadCell } from "../map/ground.js";
import { themeColour } from "./ground.js";
import { latitudeAt } from "./plate.js";
import { cameraOfView } from "./view.js";

const FIRST = 3; // zoom
const ZOOMS = 3;
const FONT = '550 24px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const SCALE = 0.5; // drawn at twice the size, for sharp screens

/** Cesium reads no colours as the style sheet writes them: a canvas puts them in plain words. @param {string} name of a custom property */
function colourOf(name) {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  context.fillStyle = themeColour(name);
  return Color.fromCssColorString(String(context.fillStyle));
}

/**
 * @param {import("./cesium.js").CesiumWidget} widget @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountNames({ scene, canvas }, store) {
  const labels = scene.primitives.add(new LabelCollection());
  const size = { width: canvas.clientWidth || 1, height: canvas.clientHeight || 1 };
  const heightAt = (/** @type {number} */ zoom) => cameraOfView({ lat: 0, lon: 0, zoom }, size)[2];
  const write = async () => {
    const world = await loadCell("world").catch(() => null);
    if (labels.isDestroyed()) return;
    labels.removeAll();
    const colours = { fillColor: colourOf("--name"), outlineColor: colourOf("--name-halo") };
    for (const [x, y, from, text] of basemapOf(store.get()).isOffline ? (world?.labels ?? []) : []) {
      const first = Math.max(FIRST, from);
      labels.add({
        ...colours, text, font: FONT, scale: SCALE, style: LabelStyle.FILL_AND_OUTLINE, outlineWidth: 5,
        position: Cartesian3.fromDegrees(x * 360 - 180, latitudeAt(y)),
        horizontalOrigin: HorizontalOrigin.CENTER, verticalOrigin: VerticalOrigin.CENTER,
        distanceDisplayCondition: new DistanceDisplayCondition(heightAt(first + ZOOMS), heightAt(first - 0.5)),
      });
    }
    scene.requestRender();
  };
  const stop = store.subscribe(["basemap", "config"], () => void write());
  window.addEventListener("themechange", write);
  return () => {
    stop();
    window.removeEventListener("themechange", write);
    scene.primitives.remove(labels);
  };
}
