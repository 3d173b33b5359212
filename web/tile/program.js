/** Draws tiles in a WebGL2 context: codes and pictures as textures, colour tables, rectangles in pixels. */
import { bend, thresholdOf } from "../colour/scale.js";
import { BANDS, CLASSES, CORNERS, LINEAR, LOG, PICTURE, STEPS, SYMLOG, VALUES } from "./shader.js";
import { Shelf } from "./shelf.js";

/**
 * @typedef {import("./ramps.js").Ramp} Ramp
 * @typedef {import("./source.js").TileData} TileData
 * @typedef {[number, number, number, number]} Rectangle left, top, right, bottom in pixels from the top left
 * @typedef {{program: WebGLProgram, at: Record<string, WebGLUniformLocation | null>}} Linked
 */

const TABLES = 32;
const MODES = { linear: LINEAR, log: LOG, symlog: SYMLOG };

export class TileProgram {
  /** @type {WeakMap<Uint8Array | Float32Array, string>} */
  #names = new WeakMap();
  #named = 0;

  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.values = link(gl, VALUES, ["place", "codes", "table", "steps", "packing", "kind", "stretch", "ranges", "opacity"]);
    this.pictures = link(gl, PICTURE, ["place", "picture", "opacity"]);
    /** @type {Shelf<WebGLTexture>} */
    this.tables = new Shelf(TABLES, (texture) => gl.deleteTexture(texture));
    gl.bindVertexArray(gl.createVertexArray());
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  /** A clean canvas of some size. @param {number} width @param {number} height */
  begin(width, height) {
    const { gl } = this;
    if (gl.canvas.width !== width) gl.canvas.width = width;
    if (gl.canvas.height !== height) gl.canvas.height = height;
    this.size = [width, height];
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /** @param {TileData} data */
  upload(data) {
    const { gl } = this;
    const texture = gl.createTexture();
    const target = targetOf(gl, data);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(target, texture);
    if (data.kind === "raw") {
      gl.texImage3D(target, 0, gl.R16UI, data.width, data.height, data.bands, 0, gl.RED_INTEGER, gl.UNSIGNED_SHORT, data.codes);
    } else {
      gl.texImage2D(target, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, data.bitmap);
    }
    untouched(gl, target);
    return texture;
  }

  /**
   * @param {WebGLTexture} texture of `data` @param {TileData} data
   * @param {Ramp[]} ramps one, or the ranges of three bands @param {Rectangle} rectangle @param {number} opacity
   */
  draw(texture, data, ramps, rectangle, opacity) {
    const { gl } = this;
    const { program, at } = data.kind === "raw" ? this.values : this.pictures;
    gl.useProgram(program);
    gl.uniform4fv(at.place, this.#clip(rectangle));
    gl.uniform1f(at.opacity, opacity);
    if (data.kind === "raw") {
      gl.uniform2f(at.packing, data.scale, data.offset);
      this.#colour(at, ramps, data.bands);
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(targetOf(gl, data), texture);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** @param {Linked["at"]} at @param {Ramp[]} ramps @param {number} bands */
  #colour(at, ramps, bands) {
    const { gl } = this;
    const [ramp] = ramps;
    gl.uniform1i(at.codes, 0);
    gl.uniform1i(at.table, 1);
    gl.uniform1i(at.steps, ramp.steps ? 2 : 1);
    this.#bindTable(gl.TEXTURE1, ramp.table);
    if (ramp.steps) this.#bindTable(gl.TEXTURE2, ramp.steps);
    if (bands === 3) {
      gl.uniform1i(at.kind, BANDS);
      gl.uniform2fv(at.ranges, [0, 1, 2].map((i) => ramps[i] ?? ramp).flatMap(({ low, high }) => [low, 1 / (high - low)]));
      return;
    }
    gl.uniform1i(at.kind, ramp.steps ? STEPS : ramp.first === null ? MODES[ramp.scale] : CLASSES);
    gl.uniform3fv(at.stretch, stretchOf(ramp));
  }

  /** @param {number} unit @param {Uint8Array | Float32Array} table of colours, or of the ends of intervals */
  #bindTable(unit, table) {
    const { gl } = this;
    let name = this.#names.get(table);
    if (!name) this.#names.set(table, (name = String(++this.#named)));
    gl.activeTexture(unit);
    const kept = this.tables.get(name);
    if (kept) return gl.bindTexture(gl.TEXTURE_2D, kept);
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    if (table instanceof Float32Array) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, table.length / 2, 1, 0, gl.RG, gl.FLOAT, table.slice());
    else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, table.length / 4, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table.slice());
    untouched(gl, gl.TEXTURE_2D);
    this.tables.put(name, texture, 1);
  }

  /** @param {Rectangle} rectangle */
  #clip([left, top, right, bottom]) {
    const [width, height] = /** @type {number[]} */ (this.size);
    return [(2 * left) / width - 1, 1 - (2 * top) / height, (2 * right) / width - 1, 1 - (2 * bottom) / height];
  }
}

/** What the shader needs to know of a scale. @param {Ramp} ramp @returns {[number, number, number]} */
function stretchOf({ low, high, scale, first, steps }) {
  if (first !== null || steps) return [first ?? 0, 0, 1];
  const t = bend(scale, low, high);
  return [t(low), 1 / (t(high) - t(low)), thresholdOf(low, high)];
}

/** @param {WebGL2RenderingContext} gl @param {TileData} data */
function targetOf(gl, { kind }) {
  return kind === "raw" ? gl.TEXTURE_2D_ARRAY : gl.TEXTURE_2D;
}

/** Texels as they are: codes are no quantities to mix. @param {WebGL2RenderingContext} gl @param {number} target */
function untouched(gl, target) {
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}

/** @param {WebGL2RenderingContext} gl @param {string} fragment @param {string[]} uniforms @returns {Linked} */
function link(gl, fragment, uniforms) {
  const program = gl.createProgram();
  for (const [type, text] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, CORNERS], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  // Of a lost context nothing is linked; it is made anew when the context is back.
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program) ?? "shader");
  return { program, at: Object.fromEntries(uniforms.map((name) => [name, gl.getUniformLocation(program, name)])) };
}
