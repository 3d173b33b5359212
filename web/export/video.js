/** MP4 and WebM, frame by frame, by the browser's own encoders. */
import { BufferTarget, CanvasSource, Mp4OutputFormat, Output, Quality, WebMOutputFormat, getFirstEncodableVideoCodec } from "../vendor/mediabunny.js";

/** @typedef {import("./encoder.js").Encoder} Encoder */
/** @typedef {import("mediabunny").VideoCodec} VideoCodec */
/** @typedef {"mp4" | "webm"} Container */

/** What players take, the most widely known first. @type {Record<Container, VideoCodec[]>} */
const CODECS = { mp4: ["avc", "vp9", "av1"], webm: ["vp9", "vp8", "av1"] };
const KEY_FRAMES_S = 2;

/**
 * The codec of a video of a size; null where the browser has no encoder for any.
 * @param {Container} container @param {import("./size.js").Size} size
 */
export function codecFor(container, { width, height }) {
  return getFirstEncodableVideoCodec(CODECS[container], { width, height });
}

/**
 * @param {HTMLCanvasElement} canvas that frames are drawn on, of even width and height
 * @param {number} fps @param {Container} container
 * @returns {Promise<Encoder>}
 */
export async function encodeVideo(canvas, fps, container) {
  const codec = await codecFor(container, canvas);
  if (!codec) throw new Error(`${container}: no encoder`);
  const format = container === "mp4" ? new Mp4OutputFormat() : new WebMOutputFormat();
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const source = new CanvasSource(canvas, { codec, quality: new Quality("very-high"), keyFrameInterval: KEY_FRAMES_S });
  output.addVideoTrack(source, { frameRate: fps });
  await output.start();
  let count = 0;
  return {
    add: () => source.add(count++ / fps, 1 / fps),
    async finish() {
      await output.finalize();
      return new Blob([/** @type {ArrayBuffer} */ (target.buffer)], { type: `video/${container}` });
    },
    cancel: () => output.cancel(),
  };
}
