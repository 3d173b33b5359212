/** Server-sent events out of pieces of text, as the HTML standard has them (9.2.6). Pure. */

/** @typedef {{kind: string, data: string}} StreamEvent */

/** What has come of a stream; `id` is that of the last event, `retry` in milliseconds what the server wants. */
export class EventReader {
  id = "";
  /** @type {number | null} */
  retry = null;
  #rest = "";
  #kind = "";
  /** @type {string[]} */
  #data = [];

  /** Another connection: what was half told is told anew. */
  begin() {
    [this.#rest, this.#kind, this.#data] = ["", "", []];
  }

  /** The events that are whole now. @param {string} piece @returns {StreamEvent[]} */
  read(piece) {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => (line ? this.#take(line) : this.#finish()));
  }

  /** @param {string} line @returns {[]} */
  #take(line) {
    const [, name, value] = /** @type {RegExpMatchArray} */ (line.match(/^([^:]*):? ?(.*)$/));
    if (name === "event") this.#kind = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return [];
  }

  /** @returns {StreamEvent[]} */
  #finish() {
    const event = { kind: this.#kind || "message", data: this.#data.join("\n") };
    const isEvent = this.#data.length > 0;
    [this.#kind, this.#data] = ["", []];
    return isEvent ? [event] : [];
  }
}
