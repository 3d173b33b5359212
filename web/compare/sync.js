/** Two maps that move as one: the same place is at the anchor of both. */

/** @typedef {import("../vendor.js").L.Map} LeafletMap */
/** @typedef {(map: LeafletMap) => import("../vendor.js").L.Point} Anchor pixels from the map's corner */

/**
 * The centre that a map needs for the place at another's anchor to be at its own.
 * @param {LeafletMap} from @param {LeafletMap} to @param {Anchor} anchor
 * @param {import("../vendor.js").L.LatLng} centre of `from` @param {number} zoom
 */
function centreFor(from, to, anchor, centre, zoom) {
  const at = from.project(centre, zoom).add(anchor(from)).subtract(from.getSize().divideBy(2));
  return to.unproject(at.subtract(anchor(to)).add(to.getSize().divideBy(2)), zoom);
}

/**
 * @param {LeafletMap} first @param {LeafletMap} second @param {Anchor} anchor
 * @returns {{align: (lay?: () => void) => void, stop: () => void}} `align` after what moves or resizes the first alone
 */
export function syncMaps(first, second, anchor) {
  let isFollowing = false;
  /** @param {() => void} move */
  const follow = (move) => {
    if (isFollowing) return;
    isFollowing = true;
    move();
    isFollowing = false;
  };
  const align = (lay = () => {}) => follow(() => {
    lay();
    second.invalidateSize({ pan: false });
    second.setView(centreFor(first, second, anchor, first.getCenter(), first.getZoom()), first.getZoom(), { animate: false });
  });
  const stops = [[first, second], [second, first]].map(([from, to]) => {
    const onMove = (/** @type {any} */ event) => follow(() => {
      const zoom = from.getZoom();
      const centre = centreFor(from, to, anchor, from.getCenter(), zoom);
      // Between two zooms under two fingers: Leaflet has no public way to be there.
      if (event.pinch) /** @type {any} */ (to)._move(centre, zoom, { pinch: true, round: false });
      else to.setView(centre, zoom, { animate: false });
    });
    const onZoom = (/** @type {any} */ { center, zoom }) => follow(() => void to.setView(centreFor(from, to, anchor, center, zoom), zoom, { animate: true }));
    from.on("move", onMove).on("zoomanim", onZoom);
    return () => from.off("move", onMove).off("zoomanim", onZoom);
  });
  return { align, stop: () => stops.forEach((stop) => stop()) };
}
