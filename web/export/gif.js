/** An animated GIF, frame by frame. */

/** @typedef {import("./encoder.js").Encoder} Encoder */

const MIME = "image/gif";

/**
 * @param {HTMLCanvasElement} canvas that frames are drawn on @param {number} fps
 * @returns {Encoder}
 */
export function encodeGif(canvas, fps) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let [shown, written] = [0, 0];

  /** @param {object | null} message @param {Transferable[]} transfer @returns {Promise<{bytes?: Uint8Array<ArrayBuffer>}>} */
  const ask = (message, transfer = []) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message: why }) => reject(new Error(why));
    worker.postMessage(message, transfer);
  });
  return {
    async add() {
      const { data: pixels, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
      // Delays are whole hundredths of a second: what one frame is short of, the next has more.
      shown += 100 / fps;
      const delay = 10 * (Math.round(shown) - written);
      written = Math.round(shown);
      await ask({ pixels, width, height, delay }, [pixels.buffer]);
    },
    async finish() {
      const { bytes } = await ask(null);
      worker.terminate();
      return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], { type: MIME });
    },
    async cancel() {
      worker.terminate();
    },
  };
}
