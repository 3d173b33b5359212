/** Tells the view that is shown, map, globe or cube, to zoom, move or fit: by events, so that none need be known. */

/** @param {"view:zoom" | "view:pan" | "view:fit"} name @param {unknown} [detail] */
export function tellView(name, detail = null) {
  const id = document.body.dataset.mode ?? "map";
  document.getElementById(id)?.dispatchEvent(new CustomEvent(name, { detail }));
}
