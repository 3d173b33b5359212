/** The chosen places, on the globe: points as rings, lines and areas by their outlines. */
import { Cartesian3, Color, Material, PointPrimitiveCollection, PolylineCollection } from "./cesium.js";
import { outlinesOf, pointsOf } from "./outline.js";

/** @typedef {import("../types.js").Store} Store */

const DARK = "#0a1822";

/** @param {number[][]} line longitudes and latitudes */
const positions = (line) => Cartesian3.fromDegreesArray(line.flat());

/**
 * @param {import("./cesium.js").Scene} scene @param {Store} store
 * @returns {() => void} unmount
 */
export function mountPlaces(scene, store) {
  const points = scene.primitives.add(new PointPrimitiveCollection());
  const lines = scene.primitives.add(new PolylineCollection());
  const stop = store.subscribe(["places", "place", "mode"], ({ places, place: chosen, mode }) => {
    if (mode !== "globe") return;
    points.removeAll();
    lines.removeAll();
    for (const place of places) {
      const isChosen = place.id === chosen;
      const color = Color.fromCssColorString(place.color);
      for (const [lon, lat] of pointsOf(place)) {
        points.add({
          position: Cartesian3.fromDegrees(lon, lat), color, pixelSize: isChosen ? 13 : 9,
          outlineColor: isChosen ? Color.WHITE : Color.fromCssColorString(DARK), outlineWidth: isChosen ? 3 : 1.5,
        });
      }
      for (const line of outlinesOf(place)) {
        const casing = Material.fromType(Material.PolylineOutlineType, { color, outlineColor: Color.WHITE, outlineWidth: 2 });
        lines.add({ positions: positions(line), width: isChosen ? 6 : 4, material: casing });
      }
    }
    scene.requestRender();
  });
  return () => {
    stop();
    scene.primitives.remove(points);
    scene.primitives.remove(lines);
  };
}
