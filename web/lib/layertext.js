/** A layer as the part of a link: `dataset=ocean&variable=sst&rescale=0,30`. Pure. */
import { PLAIN } from "./layers.js";
import { numbers, oneOf } from "./parse.js";

/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {[string, string | null][]} Pairs */

const DIM = "dim.";

/** @param {Layer} layer @returns {Pairs} */
export function encodeLayer(layer) {
  return [
    ["dataset", layer.dataset],
    ["variable", layer.expression ? null : layer.variable],
    ["expression", layer.expression],
    ["at", layer.time],
    ...Object.entries(layer.dims).map(([name, value]) => /** @type {[string, string]} */ ([DIM + name, value])),
    ["colormap", layer.colormap],
    ["rescale", layer.rescale && layer.rescale.join(",")],
    ["scale", layer.scale],
    ["opacity", layer.opacity === PLAIN.opacity ? null : String(layer.opacity)],
    ["hidden", layer.visible ? null : "1"],
  ];
}

/** @param {[string, string][]} pairs @returns {Layer[]} */
export function decodeLayers(pairs) {
  /** @type {[string, string][][]} */
  const groups = [];
  for (const pair of pairs) {
    if (pair[0] === "dataset") groups.push([]);
    groups.at(-1)?.push(pair);
  }
  return groups.map((group, i) => decodeLayer(group, String(i + 1))).filter(({ dataset }) => dataset);
}

/** @param {[string, string][]} pairs @param {string} id @returns {Layer} */
function decodeLayer(pairs, id) {
  const query = new URLSearchParams(pairs);
  const dims = pairs.filter(([key]) => key.startsWith(DIM) && key.length > DIM.length);
  const [low, high] = numbers(query.get("rescale"), ",", 2);
  const [opacity = -1] = numbers(query.get("opacity"), ",", 1);
  const expression = query.get("expression") || null;
  return {
    id,
    dataset: query.get("dataset") ?? "",
    variable: expression ? "_" : query.get("variable") || null,
    expression,
    time: query.get("at") || null,
    dims: Object.fromEntries(dims.map(([key, value]) => [key.slice(DIM.length), value])),
    colormap: query.get("colormap") || null,
    rescale: low < high ? [low, high] : null,
    scale: oneOf(query.get("scale"), ["linear", "log", "symlog"]),
    opacity: opacity >= 0 && opacity <= 1 ? opacity : PLAIN.opacity,
    visible: query.get("hidden") !== "1",
  };
}
