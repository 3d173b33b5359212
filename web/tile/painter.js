/**
 * Tiles in colour on canvases of others: on the globe, in pictures to keep. One WebGL2 context serves all.
 * The map itself draws whole frames in a context of its own, see map/stage.js.
 */
import { TileProgram } from "./program.js";

/** @typedef {import("./program.js").Ramp} Ramp */
/** @typedef {import("./source.js").TileData} TileData */

/** Without alpha's smoothing: each pixel is what the program says. @type {WebGLContextAttributes} */
export const ATTRIBUTES = { alpha: true, antialias: false, depth: false, premultipliedAlpha: true };

/** Whether the page's address forbids WebGL, for odd drivers: `?webgl=off`. */
function isOff() {
  return new URLSearchParams(location.search).get("webgl") === "off";
}

/** @param {HTMLCanvasElement} canvas @returns {WebGL2RenderingContext | null} */
export function contextOf(canvas) {
  return isOff() ? null : canvas.getContext("webgl2", ATTRIBUTES);
}

/** Tells by the event `restored` when all is to be painted again, as its context was lost. */
export class Painter extends EventTarget {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    super();
    this.gl = gl;
    this.program = new TileProgram(gl);
    gl.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    gl.canvas.addEventListener("webglcontextrestored", () => {
      this.program = new TileProgram(gl);
      this.dispatchEvent(new Event("restored"));
    });
  }

  /**
   * A tile in place of what the target's canvas shows. Recolouring is painting again.
   * @param {TileData} data
   * @param {Ramp[]} ramps one, or the ranges of three bands; of pictures none
   * @param {CanvasRenderingContext2D} target whose canvas is as large as the tile
   */
  paint(data, ramps, target) {
    const { width, height } = data;
    target.clearRect(0, 0, width, height);
    if (data.kind === "image") return target.drawImage(data.bitmap, 0, 0);
    if (this.gl.isContextLost()) return;
    this.program.begin(width, height);
    const texture = this.program.upload(data);
    this.program.draw(texture, data, ramps, [0, 0, width, height], 1);
    target.drawImage(this.gl.canvas, 0, 0);
    this.gl.deleteTexture(texture);
  }
}

/** @type {Painter | null | undefined} */
let painter;

/** The one painter; null without WebGL2: then tiles come coloured. @returns {Painter | null} */
export function getPainter() {
  if (painter === undefined) {
    const gl = contextOf(document.createElement("canvas"));
    painter = gl && new Painter(gl);
  }
  return painter;
}
