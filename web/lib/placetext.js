/** A place as a text of a link: `Point;[11.4,47.3];e69f00;Innsbruck`, of a circle `Point,5000;…`. Pure. */

/** @typedef {import("../types.js").Place} Place */

const DIGITS = 5; // of degrees: a metre
/** How deep the coordinates of each geometry lie in lists. @type {Record<string, number>} */
const DEPTHS = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

/** @param {Place} place */
export function encodePlace({ name, color, geometry, radius_m }) {
  const kind = radius_m ? `${geometry.type},${Math.round(radius_m)}` : geometry.type;
  const coordinates = JSON.stringify(geometry.coordinates, (_, value) =>
    typeof value === "number" ? Number(value.toFixed(DIGITS)) : value);
  return [kind, coordinates, color.replace("#", ""), name].join(";");
}

/** @param {string} text @returns {Omit<Place, "id"> | null} null where it makes no sense */
export function decodePlace(text) {
  const [kind, coordinates, color, ...name] = text.split(";");
  const [type, radius] = kind.split(",");
  const found = parse(coordinates);
  if (!(type in DEPTHS) || !isNested(found, DEPTHS[type]) || !/^[0-9a-f]{6}$/i.test(color ?? "")) return null;
  const place = { name: name.join(";"), color: `#${color}`, geometry: /** @type {Place["geometry"]} */ ({ type, coordinates: found }) };
  return Number(radius) > 0 ? { ...place, radius_m: Number(radius) } : place;
}

/** @param {string | undefined} json */
function parse(json) {
  try {
    return JSON.parse(json ?? "");
  } catch {
    return null;
  }
}

/** Whether these are positions within so many lists. @param {unknown} value @param {number} depth @returns {boolean} */
function isNested(value, depth) {
  if (!Array.isArray(value) || !value.length) return false;
  if (depth) return value.every((part) => isNested(part, depth - 1));
  return value.length >= 2 && value.every(Number.isFinite) && Math.abs(value[1]) <= 90;
}
