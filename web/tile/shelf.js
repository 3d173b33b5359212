/** What was used last, by its weight in bytes. Pure. */

/** @template T */
export class Shelf {
  /** @type {Map<string, {item: T, bytes: number}>} */
  #items = new Map();
  #bytes = 0;

  /** @param {number} limit bytes @param {(item: T) => void} [drop] is told of what leaves */
  constructor(limit, drop = () => {}) {
    this.limit = limit;
    this.drop = drop;
  }

  get bytes() {
    return this.#bytes;
  }

  /** @param {string} key @returns {T | null} which now counts as used */
  get(key) {
    const found = this.#items.get(key);
    if (!found) return null;
    this.#items.delete(key);
    this.#items.set(key, found);
    return found.item;
  }

  /** @param {string} key @param {T} item @param {number} bytes */
  put(key, item, bytes) {
    this.remove(key);
    this.#items.set(key, { item, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#items.keys()) {
      if (this.#bytes <= this.limit || oldest === key) return;
      this.remove(oldest);
    }
  }

  /** @param {string} key */
  remove(key) {
    const found = this.#items.get(key);
    if (!found) return;
    this.#items.delete(key);
    this.#bytes -= found.bytes;
    this.drop(found.item);
  }

  clear() {
    for (const key of [...this.#items.keys()]) this.remove(key);
  }
}
