/** Leaflet, resolved once: `npm run vendor` puts it there. No import map, so no inline script. What comes later is imported where it is used. */
export * as L from "./vendor/leaflet.js";
