/**
 * The offline basemap: Natural Earth (npm world-atlas) in Web Mercator, as world files of
 * 1:50 000 000, the first of them simplified, and cells of zoom 4 of 1:10 000 000. Read by map/basemap.js.
 *
 * A file is {"extent", "land", "coast"?, "borders", "labels"?, "cells"?}: lines of flat integer
 * differences [x0, y0, dx, dy, ...], where `extent` units are the width of the cell. Rings and
 * lines run over the cell's edge by MARGIN, so that the cut itself is never seen. Where `coast` is
 * missing it is the rings of `land`, but for what runs along the edge of the world.
 */
import { readFile } from "node:fs/promises";
import { geoArea, geoMercator } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import { feature, merge, mesh } from "topojson-client";
import { clipLine, clipRing } from "./clip.js";
import { simplify } from "./simplify.js";

/** @typedef {import("./clip.js").Point} Point */
/** @typedef {{land: Point[][], coast: Point[][], borders: Point[][]}} Shapes */

/** Width of the plane: the world is a square of this side. */
const WORLD = 1;
const MARGIN = 1 / 32;
export const CELL_ZOOM = 4;
const WORLD_EXTENT = 32768;
/** Of the file that every page begins with: a quarter of a pixel at zoom 3, simplified by as much. */
const COARSE_EXTENT = 8192;
const COARSE_TOLERANCE = 0.75 / COARSE_EXTENT;
const CELL_EXTENT = 8192;

/** @param {string} scale "50m" or "10m" */
async function readTopology(scale) {
  const path = new URL(`../node_modules/world-atlas/countries-${scale}.json`, import.meta.url);
  return JSON.parse(await readFile(path, "utf8"));
}

/**
 * Project to the square and cut at the antimeridian: without the cut, Russia streaks.
 * @template T @param {T} object GeoJSON in degrees
 * @returns {T}
 */
function project(object) {
  const mercator = geoMercator()
    .scale(WORLD / (2 * Math.PI))
    .translate([WORLD / 2, WORLD / 2])
    .precision(0);
  // d3 resamples, and cuts, in units of pixels: precision 0 keeps the points as they are.
  return /** @type {T} */ (geoProject(/** @type {any} */ (object), mercator));
}

/**
 * Without the polygons that cover most of the sphere: islets wound the wrong way (seen in 1:10m).
 * @param {import("geojson").MultiPolygon} land
 * @returns {import("geojson").MultiPolygon}
 */
function dropInverted(land) {
  const isPlausible = (/** @type {any} */ coordinates) => geoArea({ type: "Polygon", coordinates }) < Math.PI;
  return { type: "MultiPolygon", coordinates: land.coordinates.filter(isPlausible) };
}

/** @param {any} topology @returns {Shapes} */
function shapesOf(topology) {
  const countries = topology.objects.countries;
  const land = project(dropInverted(merge(topology, countries.geometries)));
  const coast = project(mesh(topology, countries, (a, b) => a === b));
  const borders = project(mesh(topology, countries, (a, b) => a !== b));
  return {
    land: /** @type {Point[][]} */ (land.coordinates.flat()),
    coast: /** @type {Point[][]} */ (coast.coordinates),
    borders: /** @type {Point[][]} */ (borders.coordinates),
  };
}

/**
 * @param {Shapes} shapes @param {0 | 1} axis @param {number} low @param {number} high
 * @returns {Shapes}
 */
function cut(shapes, axis, low, high) {
  return {
    land: shapes.land.map((ring) => clipRing(ring, axis, low, high)).filter((r) => r.length > 3),
    coast: shapes.coast.flatMap((line) => clipLine(line, axis, low, high)),
    borders: shapes.borders.flatMap((line) => clipLine(line, axis, low, high)),
  };
}

/**
 * Integer differences, without points that fall on the one before.
 * @param {Point[]} line @param {number} x0 @param {number} y0 corner of the cell
 * @param {number} unit length of one unit
 */
function pack(line, x0, y0, unit) {
  /** @type {number[]} */
  const out = [];
  let [px, py] = [0, 0];
  for (const [x, y] of line) {
    const [qx, qy] = [Math.round((x - x0) / unit), Math.round((y - y0) / unit)];
    if (out.length && qx === px && qy === py) continue;
    out.push(qx - px, qy - py);
    [px, py] = [qx, qy];
  }
  return out;
}

/**
 * @param {Shapes} shapes @param {number} x0 @param {number} y0 @param {number} size of the cell
 * @param {number} extent
 */
function packAll(shapes, x0, y0, size, extent) {
  /** @param {Point[][]} lines @param {number} least numbers of a line worth drawing */
  const all = (lines, least) =>
    lines.map((line) => pack(line, x0, y0, size / extent)).filter((line) => line.length >= least);
  const { land, coast, borders } = shapes;
  return { extent, land: all(land, 6).filter(hasArea), coast: all(coast, 4), borders: all(borders, 4) };
}

/**
 * Whether a packed ring covers anything: one cut on all sides may be left as a line to and fro.
 * @param {number[]} ring
 */
function hasArea(ring) {
  let [x, y, twice] = [0, 0, 0];
  for (let i = 0; i < ring.length; i += 2) {
    twice += x * ring[i + 1] - y * ring[i];
    x += ring[i];
    y += ring[i + 1];
  }
  return twice !== 0;
}

/**
 * Where a country's name goes, and from which zoom: the centre of its largest polygon.
 * @param {any} country a GeoJSON feature in the plane
 */
function labelOf(country) {
  const { type, coordinates } = country.geometry;
  const rings = type === "Polygon" ? [coordinates[0]] : coordinates.map((/** @type {any} */ p) => p[0]);
  const [area, x, y] = rings.map(centroid).sort((/** @type {number[]} */ a, /** @type {number[]} */ b) => b[0] - a[0])[0];
  // A name takes about 80 pixels: shown where the square root of the area is some 40.
  const zoom = Math.ceil(Math.log2(40 / (256 * Math.sqrt(area))));
  const round = (/** @type {number} */ v) => Math.round(v * 1e5) / 1e5;
  return [round(x), round(y), Math.max(2, zoom), country.properties.name];
}

/** @param {Point[]} ring @returns {[number, number, number]} area and centre */
function centroid(ring) {
  let [area, x, y] = [0, 0, 0];
  for (let i = 0; i + 1 < ring.length; i++) {
    const [[ax, ay], [bx, by]] = [ring[i], ring[i + 1]];
    const cross = ax * by - bx * ay;
    area += cross / 2;
    x += ((ax + bx) * cross) / 6;
    y += ((ay + by) * cross) / 6;
  }
  return [Math.abs(area), x / area, y / area];
}

/**
 * All files of the basemap by name: "world.json" and "4-x-y.json".
 * @returns {Promise<Map<string, object>>}
 */
export async function makeBasemap() {
  const [coarse, fine] = await Promise.all([readTopology("50m"), readTopology("10m")]);
  const files = makeCells(shapesOf(fine));
  const countries = /** @type {any} */ (feature(coarse, coarse.objects.countries));
  const labels = project(countries).features.filter((/** @type {any} */ f) => f.geometry).map(labelOf);
  const cells = [...files.keys()].map((name) => name.replace(".json", ""));
  const shapes = shapesOf(coarse);
  files.set("world-fine.json", packAll(shapes, 0, 0, WORLD, WORLD_EXTENT));
  files.set("world.json", { ...packCoarse(shapes), labels, cells });
  return files;
}

/** @param {Shapes} shapes of the world */
function packCoarse({ land, borders }) {
  const rough = (/** @type {Point[][]} */ lines) => lines.map((line) => simplify(line, COARSE_TOLERANCE));
  const { coast: _, ...packed } = packAll({ land: rough(land), coast: [], borders: rough(borders) }, 0, 0, WORLD, COARSE_EXTENT);
  return packed;
}

/** @param {Shapes} shapes of the world @returns {Map<string, object>} cells that hold any land */
function makeCells(shapes) {
  const files = new Map();
  const size = WORLD / 2 ** CELL_ZOOM;
  const margin = size * MARGIN;
  for (let column = 0; column < 2 ** CELL_ZOOM; column++) {
    const strip = cut(shapes, 0, column * size - margin, (column + 1) * size + margin);
    for (let row = 0; row < 2 ** CELL_ZOOM; row++) {
      const cell = cut(strip, 1, row * size - margin, (row + 1) * size + margin);
      const packed = packAll(cell, column * size, row * size, size, CELL_EXTENT);
      if (packed.land.length) files.set(`${CELL_ZOOM}-${column}-${row}.json`, packed);
    }
  }
  return files;
}
