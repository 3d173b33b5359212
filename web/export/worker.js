/** Makes a GIF beside the page's own thread: choosing 256 colours of a picture takes long. */
import { GIFEncoder, applyPalette, quantize } from "../vendor/gifenc.js";

const COLOURS = 256;
const gif = GIFEncoder();

/**
 * A picture of few colours keeps them exactly.
 * @param {Uint8ClampedArray} pixels RGBA
 * @returns {{palette: number[][], index: Uint8Array}}
 */
function indexed(pixels) {
  const words = new Uint32Array(pixels.buffer);
  /** @type {Map<number, number>} */
  const known = new Map();
  const index = new Uint8Array(words.length);
  for (let i = 0; i < words.length; i++) {
    let at = known.get(words[i]);
    if (at === undefined) {
      at = known.size;
      if (at === COLOURS) return chosen(pixels);
      known.set(words[i], at);
    }
    index[i] = at;
  }
  return { palette: [...known.keys()].map((word) => [word & 255, (word >> 8) & 255, (word >> 16) & 255]), index };
}

/** @param {Uint8ClampedArray} pixels */
function chosen(pixels) {
  const palette = quantize(pixels, COLOURS);
  return { palette, index: applyPalette(pixels, palette) };
}

/** @typedef {{pixels: Uint8ClampedArray<ArrayBuffer>, width: number, height: number, delay: number}} Picture delay in ms */

self.onmessage = (/** @type {MessageEvent<Picture | null>} */ { data }) => {
  if (data) {
    const { palette, index } = indexed(data.pixels);
    gif.writeFrame(index, data.width, data.height, { palette, delay: data.delay });
    return self.postMessage({});
  }
  gif.finish();
  const bytes = gif.bytes();
  self.postMessage({ bytes }, { transfer: [bytes.buffer] });
};
