/** Layers in Leaflet. Run in the page. */
/* global L */

/**
 * A map in degrees, whose layer is by WMS where `version` is told, else by the template.
 * @param {any} args
 */
async function showDegrees({ address, version, center, zoom, ...options }) {
  const plain = { zoomControl: false, attributionControl: false, fadeAnimation: false };
  const map = L.map("map", { crs: L.CRS.EPSG4326, ...plain }).setView(center, zoom);
  const layer = version
    ? L.tileLayer.wms(address, { version, format: "image/png", transparent: true, ...options })
    : L.tileLayer(address, options);
  await new Promise((resolve) => layer.once("load", resolve).addTo(map));
}
