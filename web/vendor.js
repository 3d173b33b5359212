/** The libraries, resolved once: `npm run vendor` puts them there. No import map, so no inline script. */
export * as L from "./vendor/leaflet.js";
export { default as UPlot } from "./vendor/uplot.js";
