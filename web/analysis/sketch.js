/** What is being drawn on the map: its corners so far, as they look and as a geometry. */
import { L } from "../vendor.js";
import { circle, distance, rectangle } from "./shape.js";

/** @typedef {"point" | "polygon" | "rectangle" | "circle" | "line"} Kind */
/** @typedef {[number, number]} LonLat */
/** @typedef {{geometry: import("../types.js").Geometry, radius_m?: number}} Drawn */

/** How many corners a shape ends with by itself. @type {Partial<Record<Kind, number>>} */
export const ENOUGH = { point: 1, rectangle: 2, circle: 2 };
/** How many it needs at least. @type {Record<Kind, number>} */
const LEAST = { point: 1, rectangle: 2, circle: 2, line: 2, polygon: 3 };

export class Sketch {
  /** @type {LonLat[]} */
  corners = [];
  isByKeys = true;

  /** @param {L.Map} map @param {Kind} kind */
  constructor(map, kind) {
    this.map = map;
    this.kind = kind;
    const style = { className: "sketch", interactive: false, weight: 2 };
    this.line = kind === "line" ? L.polyline([], style) : L.polygon([], style);
    this.line.addTo(map);
    this.dots = L.layerGroup().addTo(map);
  }

  /** @param {LonLat} corner */
  add(corner) {
    this.corners.push(corner);
    this.show(corner);
  }

  undo() {
    this.corners.pop();
    this.show(this.corners.at(-1) ?? null);
  }

  /** With the next corner where the pointer is. @param {LonLat | null} next */
  show(next) {
    const corners = next ? [...this.corners, next] : this.corners;
    this.line.setLatLngs(outlineOf(this.kind, corners).map(([lon, lat]) => /** @type {[number, number]} */ ([lat, lon])));
    this.dots.clearLayers();
    for (const [lon, lat] of this.corners) {
      L.circleMarker([lat, lon], { radius: 4, className: "sketch-dot", interactive: false }).addTo(this.dots);
    }
  }

  get isEnough() {
    return this.corners.length >= LEAST[this.kind];
  }

  /** @returns {Drawn | null} of the one world; null of what has no extent */
  get drawn() {
    if (!this.isEnough) return null;
    const middle = this.corners.reduce((sum, [lon]) => sum + lon, 0) / this.corners.length;
    const turn = Math.round(middle / 360) * 360;
    const corners = this.corners.map(([lon, lat]) => /** @type {LonLat} */ ([round(lon - turn), round(Math.max(-90, Math.min(90, lat)))]));
    return drawnOf(this.kind, corners);
  }

  remove() {
    this.line.remove();
    this.dots.remove();
  }
}

/** @param {number} degrees */
const round = (degrees) => Number(degrees.toFixed(5));

/** @param {Kind} kind @param {LonLat[]} corners @returns {number[][]} */
function outlineOf(kind, corners) {
  if (corners.length < 2) return [];
  const [first, last] = [corners[0], corners[corners.length - 1]];
  if (kind === "rectangle") return rectangle(first, last).coordinates[0];
  if (kind === "circle") return circle(first, distance(first, last)).coordinates[0];
  return corners;
}

/** @param {Kind} kind @param {LonLat[]} corners @returns {Drawn | null} */
function drawnOf(kind, corners) {
  const [first, last] = [corners[0], corners[corners.length - 1]];
  if (kind === "point") return { geometry: { type: "Point", coordinates: first } };
  if (kind === "line") return { geometry: { type: "LineString", coordinates: corners } };
  if (kind === "polygon") return { geometry: { type: "Polygon", coordinates: [[...corners, first]] } };
  if (first[0] === last[0] && first[1] === last[1]) return null;
  if (kind === "circle") return { geometry: { type: "Point", coordinates: first }, radius_m: Math.round(distance(first, last)) };
  return first[0] === last[0] || first[1] === last[1] ? null : { geometry: rectangle(first, last) };
}
