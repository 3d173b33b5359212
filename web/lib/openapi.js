/** Reading of an OpenAPI 3.1 description. Pure. */

/**
 * @typedef {{type?: string | string[], enum?: unknown[], default?: unknown, minimum?: number,
 *   maximum?: number, format?: string, items?: Schema, anyOf?: Schema[]}} Schema
 * @typedef {{name: string, in: string, required?: boolean, description?: string, schema?: Schema,
 *   example?: unknown}} Parameter
 * @typedef {{info: {title: string, version: string, summary?: string},
 *   paths: Record<string, Record<string, any>>, tags?: {name: string}[]}} Description
 *
 * @typedef {object} Operation
 * @property {string} id
 * @property {string} method
 * @property {string} path
 * @property {string} summary
 * @property {string} [description]
 * @property {string} tag
 * @property {Parameter[]} parameters
 * @property {string[]} body media types
 * @property {string[]} answers media types of success
 * @property {boolean} needsKey
 */

/** Tags that nobody comes for: they go last. */
const LAST = ["pages", "health"];
const METHODS = ["get", "post", "put", "delete", "patch"];

/**
 * Operations by their first tag, in the order of the description.
 * @param {Description} description
 * @returns {{tag: string, operations: Operation[]}[]}
 */
export function byTag({ paths, tags = [] }) {
  const all = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => operationOf(path, method, item)));
  const names = new Set([...tags.map(({ name }) => name), ...all.map(({ tag }) => tag)]);
  return [...names]
    .sort((a, b) => LAST.indexOf(a) - LAST.indexOf(b))
    .map((tag) => ({ tag, operations: all.filter((operation) => operation.tag === tag) }))
    .filter(({ operations }) => operations.length);
}

/** @param {string} path @param {string} method @param {any} item @returns {Operation} */
function operationOf(path, method, item) {
  const operation = item[method];
  const ok = Object.entries(operation.responses ?? {}).filter(([status]) => status.startsWith("2"));
  return {
    id: operation.operationId ?? `${method}-${path}`,
    method: method.toUpperCase(),
    path,
    summary: operation.summary ?? "",
    description: operation.description,
    tag: operation.tags?.[0] ?? "other",
    parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])],
    body: Object.keys(operation.requestBody?.content ?? {}),
    // Nothing beside them stands for anybody.
    needsKey: needsKey(operation.security ?? []),
    answers: ok.flatMap(([, response]) => Object.keys(/** @type {any} */ (response).content ?? {})),
  };
}

/** @param {object[]} security of which any will do @returns {boolean} */
function needsKey(security) {
  return security.length > 0 && security.every((one) => Object.keys(one).length > 0);
}

/**
 * "integer, 1 to 4096", "png | webp", "number".
 * @param {Schema} schema
 * @returns {string}
 */
export function typeOf(schema) {
  if (schema.enum) return schema.enum.map(String).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  const name = [schema.type ?? "any"].flat().filter((type) => type !== "null").join(" or ");
  const items = name === "array" && schema.items ? ` of ${typeOf(schema.items)}` : "";
  const { minimum, maximum } = schema;
  if (minimum !== undefined && maximum !== undefined) return `${name}${items}, ${minimum} to ${maximum}`;
  return `${name}${items}${schema.format ? ` (${schema.format})` : ""}`;
}

/**
 * The address of an operation with the given values; those of the path and the required are needed.
 * @param {Pick<Operation, "path" | "parameters">} operation @param {Record<string, string>} values
 */
export function exampleUrl({ path, parameters }, values) {
  let isComplete = true;
  const filled = path.replace(/^\//, "").replace(/{(\w+)}/g, (placeholder, name) => {
    if (values[name]) return encodeURIComponent(values[name]).replaceAll("%40", "@");
    isComplete = false;
    return placeholder;
  });
  const query = new URLSearchParams();
  for (const { name, in: place, required } of parameters) {
    if (place !== "query") continue;
    if (values[name]) query.set(name, values[name]);
    else if (required) isComplete = false;
  }
  return { text: filled + (query.size ? `?${query}` : ""), isComplete };
}

/** Parameters that a first try needs, though the description does not require them of every request. */
const OFFERED = ["lon", "lat", "line", "service", "request"];

/** The parameters to be asked for before a try. @param {Pick<Operation, "parameters"> & {path?: string}} operation */
export function asked({ parameters, path = "" }) {
  const offered = path.startsWith("/coverage") ? [...OFFERED, "bbox"] : OFFERED;
  return parameters.filter(({ name, required, in: place }) => place === "path" || required || offered.includes(name.toLowerCase()));
}

/**
 * Values that work on this server: of its first dataset that is ready.
 * @param {import("../types.js").Summary | undefined} dataset @param {string} path of the operation
 * @returns {Record<string, string>}
 */
export function exampleValues(dataset, path) {
  const variable = dataset?.variables[0] ?? "";
  const layer = dataset ? `${dataset.id}.${variable}` : "";
  const [west, south, east, north] = dataset?.bbox ?? [0, 0, 0, 0];
  const service = path.startsWith("/wmts") ? "WMTS" : "WMS";
  return {
    dataset: dataset?.id ?? "",
    variable,
    layer,
    collectionId: path.startsWith("/edr") ? dataset?.id ?? "" : layer,
    item: dataset?.time?.end.replaceAll(/[-:]/g, "") ?? "",
    object: "zarr.json",
    expression: variable,
    dimension: dataset?.time ? "time" : "",
    last: path.startsWith("/legend") ? `${variable}.png` : "0.png",
    tms: "WebMercatorQuad",
    name: "viridis.png",
    style: "viridis",
    styleId: "viridis",
    tileMatrixSetId: "WebMercatorQuad",
    suffix: "json",
    service,
    SERVICE: service,
    request: "GetCapabilities",
    REQUEST: "GetCapabilities",
    lon: ((west + east) / 2).toFixed(2),
    lat: ((south + north) / 2).toFixed(2),
    bbox: [west, south, east, north].map((side) => side.toFixed(2)).join(","),
    line: `${((3 * west + east) / 4).toFixed(2)},${((south + north) / 2).toFixed(2)};${((west + 3 * east) / 4).toFixed(2)},${((south + north) / 2).toFixed(2)}`,
    ...(path.startsWith("/edr") ? { coords: exampleCoords(path, [west, south, east, north]) } : {}),
    ...Object.fromEntries(["z", "x", "y", "row", "col", "i", "j", "tileMatrix", "tileRow", "tileCol"].map((name) => [name, "0"])),
  };
}

/** A geometry in WKT such as a query of EDR takes. @param {string} path @param {number[]} box */
function exampleCoords(path, [west, south, east, north]) {
  const [x, y] = [(west + east) / 2, (south + north) / 2];
  const [dx, dy] = [Math.min((east - west) / 8, 5), Math.min((north - south) / 8, 5)];
  const at = (/** @type {number[]} */ ...signs) => `${(x + signs[0] * dx).toFixed(2)} ${(y + signs[1] * dy).toFixed(2)}`;
  if (path.endsWith("/area")) return `POLYGON((${[at(-1, -1), at(1, -1), at(1, 1), at(-1, -1)].join(",")}))`;
  if (path.endsWith("/trajectory")) return `LINESTRING(${at(-1, -1)},${at(1, 1)})`;
  return `POINT(${at(0, 0)})`;
}
