/** Series as they arrive: each is asked for once, line by line, and can be given up. */
import { askWell, isAbort } from "../ask.js";

/**
 * @typedef {import("./question.js").Question} Question
 * @typedef {object} Answer
 * @property {string[]} times
 * @property {Record<string, (number | null)[]>} values by name: `value`, `mean` …
 * @property {"loading" | "whole" | "cancelled" | "failed"} status
 * @property {string} error
 */

const AT_ONCE = 3;
const KEPT = 60;

export class Answers {
  /** By a question's id. @type {Map<string, {answer: Answer, controller: AbortController}>} */
  #known = new Map();
  /** @type {Question[]} */
  #queue = [];
  #running = 0;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @param {Question} question @returns {Answer | null} */
  of({ id }) {
    return this.#known.get(id)?.answer ?? null;
  }

  /** Ask these, and no others any more. @param {Question[]} questions */
  ask(questions) {
    const wanted = new Set(questions.map(({ id }) => id));
    for (const [id, { answer, controller }] of this.#known) {
      if (!wanted.has(id) && answer.status !== "whole") {
        controller.abort();
        this.#known.delete(id);
      }
    }
    for (const id of this.#known.keys()) if (this.#known.size > KEPT && !wanted.has(id)) this.#known.delete(id);
    for (const question of questions) {
      if (this.#known.has(question.id)) continue;
      this.#known.set(question.id, { answer: { times: [], values: {}, status: "loading", error: "" }, controller: new AbortController() });
      this.#queue.push(question);
    }
    this.#next();
  }

  /** Those that failed or were given up are asked again. @param {Question[]} questions */
  retry(questions) {
    for (const { id } of questions) if (["failed", "cancelled"].includes(this.#known.get(id)?.answer.status ?? "")) this.#known.delete(id);
    this.ask(questions);
  }

  cancel() {
    for (const { answer, controller } of this.#known.values()) {
      if (answer.status !== "loading") continue;
      answer.status = "cancelled";
      controller.abort();
    }
    this.#queue = [];
    this.changed();
  }

  #next() {
    while (this.#running < AT_ONCE && this.#queue.length) {
      const question = /** @type {Question} */ (this.#queue.shift());
      const known = this.#known.get(question.id);
      if (!known || known.answer.status !== "loading") continue;
      this.#running++;
      void this.#read(question, known.answer, known.controller.signal).finally(() => {
        this.#running--;
        this.#next();
        this.changed();
      });
    }
  }

  /** @param {Question} question @param {Answer} answer @param {AbortSignal} signal */
  async #read(question, answer, signal) {
    try {
      for await (const lines of linesOf(question, signal)) {
        for (const { time, ...numbers } of lines) {
          answer.times.push(time);
          for (const [name, number] of Object.entries(numbers)) (answer.values[name] ??= []).push(number);
        }
        this.changed();
      }
      answer.status = "whole";
    } catch (error) {
      if (isAbort(error)) return;
      answer.status = "failed";
      answer.error = /** @type {Error} */ (error).message;
    }
  }

  stop() {
    for (const { controller } of this.#known.values()) controller.abort();
    this.#queue = [];
  }
}

/**
 * What the server says of an area.
 * @param {string} address @param {string | null} body GeoJSON; null to ask without one
 * @param {AbortSignal} signal
 * @returns {Promise<Response>} that is good
 * @throws {import("../ask.js").ApiError}
 */
export function askFor(address, body, signal) {
  const how = body ? { method: "POST", body, headers: { "Content-Type": "application/geo+json" } } : {};
  return askWell(address, { ...how, signal });
}

/** @param {string} address @param {string | null} body @param {AbortSignal} signal @returns {Promise<any>} */
export const postJson = async (address, body, signal) => (await askFor(address, body, signal)).json();

/** The objects of each piece that arrives. @param {Question} question @param {AbortSignal} signal @returns {AsyncGenerator<any[]>} */
async function* linesOf({ address, body }, signal) {
  const response = await askFor(address, body, signal);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let rest = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop() ?? "";
    yield lines.map((line) => JSON.parse(line));
  }
}
