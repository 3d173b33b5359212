/** Where the pointer is on one of two maps, a cross is on the other. */
import { h } from "../lib/dom.js";

/** @typedef {import("../vendor.js").L.Map} LeafletMap */

/**
 * @param {LeafletMap[]} maps two @param {() => boolean} isWanted
 * @returns {() => void} unmount
 */
export function mountCrosshair(maps, isWanted) {
  const stops = maps.map((map, i) => {
    const other = maps[1 - i];
    const cross = h("div", { className: "crosshair", hidden: true, "aria-hidden": "true" });
    other.getContainer().append(cross);
    const show = (/** @type {import("../vendor.js").L.LeafletMouseEvent} */ { latlng }) => {
      const { x, y } = other.latLngToContainerPoint(latlng);
      cross.hidden = !isWanted();
      cross.style.transform = `translate(${x}px, ${y}px)`;
    };
    const hide = () => (cross.hidden = true);
    map.on("mousemove", show).on("mouseout", hide);
    return () => {
      map.off("mousemove", show).off("mouseout", hide);
      cross.remove();
    };
  });
  return () => stops.forEach((stop) => stop());
}
