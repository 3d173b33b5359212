/**
 * Canvases that tiles are drawn on: by WebGL2 the one that is seen, else, and for pictures to keep, a flat one.
 *
 * All layers are drawn into one visible context, and not tile by tile into canvases of their own: in
 * software a picture of 1280 × 800 takes one pass, where twenty tiles would take twenty, each read back
 * and copied; whole frames are swapped by themselves, and worlds and zooms between whole ones need
 * nothing further.
 */
import { contextOf, getPainter } from "../tile/painter.js";
import { TileProgram } from "../tile/program.js";
import { Shelf } from "../tile/shelf.js";
import { bytesOf } from "../tile/source.js";

/**
 * @typedef {object} Item a tile, and where it goes
 * @property {string} name of the data
 * @property {import("../tile/source.js").TileData} data
 * @property {import("../tile/ramps.js").Ramp[]} ramps
 * @property {[number, number, number, number]} place left, top, right, bottom in pixels
 * @property {number} opacity
 *
 * @typedef {{draw: (width: number, height: number, items: Item[]) => void, free: () => void}} Screen
 */

/** Textures that are kept: the same step comes again while playing. */
const TEXTURE_BYTES = 160 * 2 ** 20;

/** @param {HTMLCanvasElement} canvas @param {() => void} restore draws again @returns {Screen} */
export function screenOf(canvas, restore) {
  const gl = contextOf(canvas);
  return gl ? new GlScreen(gl, restore) : new FlatScreen(canvas);
}

/** @implements {Screen} */
class GlScreen {
  #controller = new AbortController();

  /** @param {WebGL2RenderingContext} gl @param {() => void} restore */
  constructor(gl, restore) {
    this.gl = gl;
    this.#start();
    const { signal } = this.#controller;
    gl.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault(), { signal });
    gl.canvas.addEventListener("webglcontextrestored", () => {
      this.#start();
      restore();
    }, { signal });
  }

  #start() {
    const { gl } = this;
    this.program = new TileProgram(gl);
    /** @type {Shelf<WebGLTexture>} */
    this.textures = new Shelf(TEXTURE_BYTES, (texture) => gl.deleteTexture(texture));
  }

  /** @param {number} width @param {number} height @param {Item[]} items */
  draw(width, height, items) {
    if (this.gl.isContextLost()) return;
    this.program?.begin(width, height);
    for (const { name, data, ramps, place, opacity } of items) {
      this.program?.draw(this.#textureOf(name, data), data, ramps, place, opacity);
    }
  }

  /** @param {string} name @param {Item["data"]} data */
  #textureOf(name, data) {
    const kept = this.textures?.get(name);
    if (kept) return kept;
    const texture = /** @type {TileProgram} */ (this.program).upload(data);
    this.textures?.put(name, texture, bytesOf(data));
    return texture;
  }

  free() {
    this.#controller.abort();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** @implements {Screen} */
export class FlatScreen {
  #scratch = document.createElement("canvas");

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /** @param {number} width @param {number} height @param {Item[]} items */
  draw(width, height, items) {
    Object.assign(this.canvas, { width, height });
    this.add(items);
  }

  /** Above what the canvas shows. @param {Item[]} items */
  add(items) {
    const { context } = this;
    context.save();
    context.imageSmoothingEnabled = false;
    for (const { data, ramps, place: [left, top, right, bottom], opacity } of items) {
      context.globalAlpha = opacity;
      context.drawImage(this.#painted(data, ramps), left, top, right - left, bottom - top);
    }
    context.restore();
  }

  /** @param {Item["data"]} data @param {Item["ramps"]} ramps */
  #painted(data, ramps) {
    if (data.kind === "image") return data.bitmap;
    const { width, height } = data;
    if (this.#scratch.width !== width || this.#scratch.height !== height) Object.assign(this.#scratch, { width, height });
    const target = /** @type {CanvasRenderingContext2D} */ (this.#scratch.getContext("2d"));
    getPainter()?.paint(data, ramps, target);
    return this.#scratch;
  }

  free() {}
}
