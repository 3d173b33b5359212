/** What is shown, as code to paste into other programs. Pure. */
import { coloursOf, path, query, valuesOf } from "../lib/address.js";
import { activeOf, detailOf, timeOf, variableOf } from "../lib/select.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {{id: string, title: string, code: string}} Snippet */

/**
 * @param {State} state @param {string} base address of the page
 * @returns {Snippet[]} none while nothing is shown
 */
export function snippetsOf(state, base) {
  const layer = activeOf(state);
  const [detail, variable] = [detailOf(state, layer), variableOf(state, layer)];
  if (!layer || !detail || !variable) return [];
  const shown = query([["time", timeOf(state, layer)], ...valuesOf(layer, variable), ...coloursOf(layer, variable)]);
  const read = Object.fromEntries(valuesOf(layer, variable).filter(([, value]) => value !== null));
  const name = `${detail.title || detail.id}: ${variable.title || variable.id}`;
  const at = {
    base: new URL(".", base).href,
    layer: path(detail.id, variable.id),
    tiles: `${new URL(`tiles/${path(detail.id, variable.id)}`, base).href}/{z}/{x}/{y}.png${shown && "?"}${shown}`,
    place: middleOf(detail.bbox),
    name,
    read: /** @type {Record<string, string>} */ (read),
    attribution: detail.attribution ?? "",
    hasTime: timeOf(state, layer) !== null,
    time: timeOf(state, layer),
  };
  return [
    { id: "python", title: "Python", code: at.hasTime ? pythonSeries(at) : pythonValue(at) },
    { id: "qgis", title: "QGIS", code: qgis(at) },
    { id: "leaflet", title: "Leaflet", code: leaflet(at) },
    { id: "curl", title: "curl", code: curl(at) },
  ];
}

/**
 * @typedef {object} Place
 * @property {string} base
 * @property {string} layer
 * @property {string} tiles
 * @property {[number, number]} place longitude and latitude
 * @property {string} name
 * @property {Record<string, string>} read
 * @property {string} attribution
 * @property {boolean} hasTime
 * @property {string | null} time
 */

/** As a string of Python and of JavaScript alike: JSON's. @param {string} text */
function quote(text) {
  return JSON.stringify(text);
}

/** @param {Place} at */
function parametersOf({ place: [lon, lat], read }) {
  const pairs = [`"lon": ${lon}`, `"lat": ${lat}`, ...Object.entries(read).map(([key, value]) => `${quote(key)}: ${quote(value)}`)];
  return `{${pairs.join(", ")}}`;
}

/** @param {Place} at */
function pythonSeries(at) {
  return `# ${oneLine(at.name)}
import numpy as np
import requests
import xarray as xr

answer = requests.get(
    ${quote(`${at.base}timeseries/${at.layer}`)},
    params=${parametersOf(at)},
).json()
times = np.array([time.rstrip("Z") for time in answer["times"]], "datetime64[ns]")
values = np.array(answer["values"]["value"], float)
series = xr.DataArray(values, {"time": times}, ["time"], attrs={"units": answer["units"]})
series.plot()
`;
}

/** @param {Place} at */
function pythonValue(at) {
  return `# ${oneLine(at.name)}
import requests

answer = requests.get(
    ${quote(`${at.base}point/${at.layer}`)},
    params=${parametersOf(at)},
).json()
print(answer["value"], answer["units"])
`;
}

/** For the Python console of QGIS. @param {Place} at */
function qgis(at) {
  return `# In the Python console of QGIS
from urllib.parse import quote

tiles = ${quote(at.tiles)}
layer = QgsRasterLayer("type=xyz&zmin=0&zmax=18&url=" + quote(tiles, safe="{}"), ${quote(at.name)}, "wms")
QgsProject.instance().addMapLayer(layer)
`;
}

/** @param {Place} at */
function leaflet(at) {
  return `L.tileLayer(${quote(at.tiles)}, {
  attribution: ${quote(escapeHtml(at.attribution))},
}).addTo(map);
`;
}

/** @param {Place} at */
function curl(at) {
  const [lon, lat] = at.place;
  const asked = query([["lon", lon], ["lat", lat], ...Object.entries(at.read)]);
  const value = `curl ${shell(`${at.base}point/${at.layer}?${asked}${at.time ? `&time=${at.time}` : ""}`)}\n`;
  return at.hasTime ? `${value}curl -o series.csv ${shell(`${at.base}timeseries/${at.layer}?${asked}&f=csv`)}\n` : value;
}

/** @param {string} text */
function shell(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {string} text */
function oneLine(text) {
  return text.replace(/\s+/g, " ");
}

/** Leaflet takes attributions for HTML. @param {string} text */
function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** @param {import("../types.js").Box | null} bbox @returns {[number, number]} */
function middleOf(bbox) {
  if (!bbox) return [0, 0];
  const [west, south, east, north] = bbox;
  const lon = (west + (east < west ? east + 360 : east)) / 2;
  return [Number((lon > 180 ? lon - 360 : lon).toFixed(4)), Number(((south + north) / 2).toFixed(4))];
}
