/** Diagrams from the server: blocks step by step, with how far they are. */
import { getJson } from "../api.js";
import { loadBlock } from "../cube/load.js";
import { alongLine, diagramOf, fillMean } from "./diagram.js";

/** @typedef {import("./diagram.js").Diagram} Diagram */

/**
 * @param {string} address @param {import("../types.js").Section} kind @param {AbortSignal} signal
 * @param {(diagram: Diagram, done: number) => void} onStep
 * @returns {Promise<Diagram>}
 */
export async function loadDiagram(address, kind, signal, onStep) {
  if (kind !== "latitude" && kind !== "longitude") return alongLine(await getJson(address, signal));
  /** @type {Diagram | null} */
  let diagram = null;
  const block = await loadBlock(address, signal, (part, done) => {
    diagram ??= diagramOf(part, kind);
    fillMean(diagram, part, done - 1);
    onStep(diagram, done);
  });
  return diagram ?? diagramOf(block, kind);
}
