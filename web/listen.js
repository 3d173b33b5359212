/** Server-sent events: by the browser's own means, or by requests that carry the key, which those cannot. */
import { callerOf } from "./access/key.js";
import { ask, isAbort } from "./ask.js";
import { EventReader } from "./lib/eventstream.js";
import { pause } from "./lib/pause.js";

const AGAIN_MS = 2000; // until the server says otherwise
const LONGEST_MS = 60_000;

/** @typedef {(event: {kind: string, data: string}) => void} Hear */

/**
 * Listens until it is told to stop, or the server says that there is nothing to listen to.
 * @param {string} address @param {string[]} kinds @param {AbortSignal} signal @param {Hear} hear
 */
export function listen(address, kinds, signal, hear) {
  if (callerOf()) {
    void listenByKey(address, signal, hear);
    return;
  }
  // Who waits for a page to be idle need not wait for such a source.
  const source = new EventSource(new URL(address, document.baseURI));
  for (const kind of kinds) source.addEventListener(kind, ({ data }) => hear({ kind, data }));
  signal.addEventListener("abort", () => source.close(), { once: true });
}

/**
 * A connection that is lost is made again, later each time that it fails.
 * @param {string} address @param {AbortSignal} signal @param {Hear} hear
 */
async function listenByKey(address, signal, hear) {
  const reader = new EventReader();
  for (let failed = 0; !signal.aborted; ) {
    try {
      const response = await ask(address, { signal, cache: "no-store", headers: headersOf(reader) });
      if (isFinal(response)) return;
      if (response.ok && response.body) {
        failed = 0;
        await readAll(response.body, reader, hear);
      } else failed++;
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      failed++;
    }
    await pause(Math.min(LONGEST_MS, (reader.retry ?? AGAIN_MS) * 2 ** failed), signal);
  }
}

/** @param {EventReader} reader @returns {Record<string, string>} */
function headersOf({ id }) {
  return id ? { Accept: "text/event-stream", "Last-Event-ID": id } : { Accept: "text/event-stream" };
}

/** Whether asking again would change nothing: the dataset is gone, or not for who asks. @param {Response} response */
function isFinal({ status }) {
  return status === 204 || (status >= 400 && status < 500 && status !== 429);
}

/** @param {ReadableStream<Uint8Array>} body @param {EventReader} reader @param {Hear} hear */
async function readAll(body, reader, hear) {
  reader.begin();
  const pieces = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) reader.read(piece.value).forEach(hear);
}
