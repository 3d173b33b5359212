/** Own colormaps, favourites and those used last, kept by the browser. */

/** @typedef {{name: string, colormap: string}} Kept colormap: the JSON of the server's `colormap` */
/** @typedef {{own: Kept[], recent: string[]}} Shelf */

const KEY = "tileserver.colormaps";
const RECENT = 6;
const MOST = 100;

/** @returns {Shelf} */
export function readShelf() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const isKept = (/** @type {any} */ one) => typeof one?.name === "string" && typeof one?.colormap === "string";
    return {
      own: (Array.isArray(found.own) ? found.own : []).filter(isKept),
      recent: (Array.isArray(found.recent) ? found.recent : []).filter((/** @type {unknown} */ name) => typeof name === "string"),
    };
  } catch {
    // Storage may be forbidden, or hold what others wrote.
    return { own: [], recent: [] };
  }
}

/** @param {Shelf} shelf */
function write(shelf) {
  try {
    localStorage.setItem(KEY, JSON.stringify(shelf));
  } catch {
    // What cannot be kept lasts as long as the page.
  }
}

/** @param {string} name */
export function noteUse(name) {
  const shelf = readShelf();
  write({ ...shelf, recent: [name, ...shelf.recent.filter((other) => other !== name)].slice(0, RECENT) });
}

/** One of the same name is replaced. @param {Kept} kept */
export function keepOwn(kept) {
  const shelf = readShelf();
  write({ ...shelf, own: [kept, ...shelf.own.filter(({ name }) => name !== kept.name)].slice(0, MOST) });
}

/** @param {string} name */
export function dropOwn(name) {
  const shelf = readShelf();
  write({ ...shelf, own: shelf.own.filter((one) => one.name !== name) });
}
