/** Places out of texts: GeoJSON, WKT, and tables with longitudes and latitudes. Pure. */

/** @typedef {import("../types.js").Geometry} Geometry */
/** @typedef {{name: string, geometry: Geometry}} Found */

const MOST = 200;
const NAMES = /^(name|title|label|station|site|place|ort|id|fid)$/i;
const LONGITUDES = /^(lon|lng|long|longitude|laenge|länge|x|lon_deg|decimallongitude)$/i;
const LATITUDES = /^(lat|latitude|breite|y|lat_deg|decimallatitude)$/i;
const WKT = /^(?:SRID=\d+;)?\s*(POINT|LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON)\s*(?:Z|M|ZM)?\s*\(/i;
/** @type {Record<string, Geometry["type"]>} */
const TYPES = { POINT: "Point", LINESTRING: "LineString", POLYGON: "Polygon", MULTIPOINT: "MultiPoint", MULTILINESTRING: "MultiLineString", MULTIPOLYGON: "MultiPolygon" };

/** Why a text is no places: the key of a sentence, and what it names. */
export class FormatError extends Error {
  /** @param {"analysis.badText" | "analysis.badJson" | "analysis.badTable" | "analysis.badPlace" | "analysis.noPlaces" | "analysis.manyPlaces"} key @param {Record<string, string | number>} [values] */
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/**
 * The places of a text, in whichever of the formats it is written.
 * @param {string} text
 * @returns {Found[]}
 * @throws {FormatError}
 */
export function parsePlaces(text) {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const found = /^[[{]/.test(trimmed) ? fromGeoJson(trimmed) : WKT.test(trimmed) ? fromWkt(trimmed) : fromTable(trimmed);
  const single = found.flatMap(apart);
  if (!single.length) throw new FormatError("analysis.noPlaces");
  if (single.length > MOST) throw new FormatError("analysis.manyPlaces", { count: single.length, most: MOST });
  for (const { name, geometry } of single) check(name, geometry);
  return single;
}

/** Points one by one: each has a series of its own. @param {Found} found @returns {Found[]} */
function apart({ name, geometry }) {
  if (geometry.type !== "MultiPoint") return [{ name, geometry }];
  return geometry.coordinates.map((coordinates, i) => ({ name: name && `${name} ${i + 1}`, geometry: { type: "Point", coordinates } }));
}

/** @param {string} text */
function fromGeoJson(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new FormatError("analysis.badJson", { error: String(/** @type {Error} */ (error).message) });
  }
  return features(Array.isArray(document) ? { type: "FeatureCollection", features: document } : document, "");
}

/** @param {any} document @param {string} name @returns {Found[]} */
function features(document, name) {
  if (document?.type === "FeatureCollection") return [document.features].flat().flatMap((/** @type {any} */ each) => features(each, ""));
  if (document?.type === "Feature") return features(document.geometry, nameOf(document));
  if (document?.type === "GeometryCollection") return [document.geometries].flat().flatMap((/** @type {any} */ each) => features(each, name));
  if (!Object.values(TYPES).includes(document?.type)) throw new FormatError("analysis.badText");
  return [{ name, geometry: { type: document.type, coordinates: document.coordinates } }];
}

/** @param {any} feature */
function nameOf({ id, properties }) {
  const key = Object.keys(properties ?? {}).find((word) => NAMES.test(word) && properties[word]);
  return String((key && properties[key]) ?? id ?? "");
}

/** One geometry a line, or several lines of one. @param {string} text @returns {Found[]} */
function fromWkt(text) {
  return text.split(/\n(?=\s*(?:SRID|POINT|LINE|POLYGON|MULTI))/i).map((part) => {
    const head = WKT.exec(part);
    if (!head) throw new FormatError("analysis.badPlace", { text: part.slice(0, 40) });
    const body = part.slice(part.indexOf("("), part.lastIndexOf(")") + 1);
    // Each group of numbers is a position: in brackets of its own that are WKT's, but not JSON's.
    const json = body.replace(/[-+\d.eE]+(?:\s+[-+\d.eE]+)+/g, (position) => `[${position.trim().split(/\s+/).slice(0, 2).map(Number).join(",")}]`)
      .replaceAll("(", "[").replaceAll(")", "]");
    try {
      const type = TYPES[head[1].toUpperCase()];
      const lists = JSON.parse(json);
      const coordinates = type === "Point" ? lists[0] : type === "MultiPoint" ? lists.map((/** @type {any} */ each) => (Array.isArray(each[0]) ? each[0] : each)) : lists;
      return { name: "", geometry: /** @type {Geometry} */ ({ type, coordinates }) };
    } catch {
      throw new FormatError("analysis.badPlace", { text: part.slice(0, 40) });
    }
  });
}

/** @param {string} text @returns {Found[]} */
function fromTable(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  const mark = [";", "\t", ","].find((sign) => lines[0].includes(sign)) ?? /\s+/;
  const rows = lines.map((line) => line.split(mark).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
  const at = (/** @type {RegExp} */ pattern) => rows[0].findIndex((cell) => pattern.test(cell));
  const hasHead = at(LONGITUDES) >= 0 && at(LATITUDES) >= 0;
  if (!hasHead && (rows[0].length < 2 || !rows[0].slice(0, 2).every((cell) => Number.isFinite(number(cell))))) {
    throw new FormatError(rows[0].length > 1 ? "analysis.badTable" : "analysis.badText");
  }
  const [lon, lat, name] = hasHead ? [at(LONGITUDES), at(LATITUDES), at(NAMES)] : [0, 1, 2];
  return rows.slice(hasHead ? 1 : 0).map((row) => {
    const coordinates = [number(row[lon]), number(row[lat])];
    return { name: row[name] ?? "", geometry: { type: "Point", coordinates } };
  });
}

/** With a decimal comma too. @param {string | undefined} cell */
function number(cell) {
  return cell ? Number(cell.replace(",", ".")) : NaN;
}

/** @param {string} name @param {Geometry} geometry */
function check(name, { coordinates }) {
  const isGood = (/** @type {any} */ part) => Array.isArray(part) && part.length > 0 &&
    (Array.isArray(part[0]) ? part.every(isGood) : part.length >= 2 && part.slice(0, 2).every(Number.isFinite) && Math.abs(part[0]) <= 360 && Math.abs(part[1]) <= 90);
  if (!isGood(coordinates)) throw new FormatError("analysis.badPlace", { text: name || JSON.stringify(coordinates)?.slice(0, 40) || "–" });
}
