/** Blocks of values from the server, step by step as they are read. */
import { ApiError, askWell } from "../ask.js";
import { valueAddress } from "../lib/address.js";
import { t } from "../lib/text.js";
import { emptyBlock, fillStep, MOST_STEPS, sizeOf } from "./block.js";

/** @typedef {import("./block.js").Block} Block */

/**
 * @param {import("../types.js").Layer} layer @param {import("../types.js").Variable} variable
 * @param {import("../types.js").Box} box @param {[string, string] | null} range @param {number} steps in that range
 */
export function blockAddress(layer, variable, box, range, steps) {
  const { width, height } = sizeOf(box, steps);
  return valueAddress("coverage", layer, variable, [
    ["bbox", box.map((edge) => Number(edge.toFixed(4))).join(",")], ["start", range?.[0]], ["end", range?.[1]],
    ["width", width], ["height", height], ["steps", MOST_STEPS], ["f", "ndjson"],
  ]);
}

/**
 * @param {string} address @param {AbortSignal} signal
 * @param {(block: Block, done: number) => void} onStep
 * @returns {Promise<Block>}
 * @throws {ApiError}
 */
export async function loadBlock(address, signal, onStep) {
  const { body } = await askWell(address, { signal });
  /** @type {Block | null} */
  let block = null;
  let done = 0;
  for await (const line of linesOf(/** @type {ReadableStream<Uint8Array>} */ (body))) {
    const found = JSON.parse(line);
    if (!block) block = emptyBlock(found);
    else {
      fillStep(block, done++, found.values);
      onStep(block, done);
    }
  }
  if (!block || done < block.shape[0]) throw new ApiError(t("cube.broken"), 0);
  return block;
}

/** @param {ReadableStream<Uint8Array>} body */
async function* linesOf(body) {
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter(Boolean);
  }
  if (rest) yield rest;
}
