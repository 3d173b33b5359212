/** Unpacks raw tiles beside the page's own thread: gunzip and running sums would cost it frames. */
import { unpack } from "./decode.js";

self.onmessage = async (/** @type {MessageEvent<{id: number, body: ArrayBuffer}>} */ { data: { id, body } }) => {
  try {
    const plain = new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"));
    const tile = unpack(await new Response(plain).arrayBuffer());
    self.postMessage({ id, tile }, { transfer: [tile.codes.buffer] });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
