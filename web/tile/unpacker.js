/** The page's side of the worker that unpacks tiles. */

/** @typedef {import("./decode.js").RawTile} RawTile */
/** @typedef {{resolve: (tile: RawTile) => void, reject: (error: Error) => void}} Waiter */

/** @type {Worker | null} */
let worker = null;
let last = 0;
/** @type {Map<number, Waiter>} */
const waiters = new Map();

/** @param {ArrayBuffer} body a gzip file, which is given away @returns {Promise<RawTile>} */
export function unpackBeside(body) {
  worker ??= start();
  const id = ++last;
  worker.postMessage({ id, body }, [body]);
  return new Promise((resolve, reject) => waiters.set(id, { resolve, reject }));
}

function start() {
  const started = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  started.onmessage = ({ data: { id, tile, error } }) => {
    const waiter = waiters.get(id);
    waiters.delete(id);
    if (error) waiter?.reject(new Error(error));
    else waiter?.resolve(tile);
  };
  started.onerror = ({ message }) => {
    worker = null;
    waiters.forEach(({ reject }) => reject(new Error(message || "tile: the worker does not start")));
    waiters.clear();
  };
  return started;
}
