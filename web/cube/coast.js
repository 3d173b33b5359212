/** Coasts on the front of the cube, so that one sees where one is. */
import { isCut, unpack } from "../globe/plate.js";
import { h } from "../lib/dom.js";
import { loadCell } from "../map/ground.js";
import { widthOf } from "./block.js";

/** @typedef {import("./block.js").Cut} Cut */
/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../globe/plate.js").Line} Line */

const WHOLE = { x: 0, y: 0, size: 1 };

/** @type {Promise<Line[]> | null} */
let loading = null;

function loadCoasts() {
  loading ??= loadCell("world-fine").then(({ coast, land, extent }) => (coast ?? land).map((line) => unpack(line, extent, WHOLE)));
  loading.catch(() => (loading = null));
  return loading;
}

export class Coast {
  canvas = h("canvas", { className: "cube-coast", "aria-hidden": "true" });
  /** @type {Line[]} */
  #lines = [];
  #shown = "";

  constructor() {
    loadCoasts().then((lines) => {
      this.#lines = lines;
      this.#again();
    }, () => {});
  }

  #again = () => {};

  /** @param {Box} box @param {{width: number, height: number}} size of the whole front @param {Cut} cut */
  show(box, size, cut) {
    this.#again = () => {
      this.#shown = "";
      this.show(box, size, cut);
    };
    const key = JSON.stringify([box, size.width, size.height, cut[1], cut[2], this.#lines.length, document.documentElement.dataset.theme]);
    if (key === this.#shown || !this.#lines.length) return;
    this.#shown = key;
    const ratio = window.devicePixelRatio;
    const [wide, high] = [size.width * cut[2], size.height * (1 - cut[1])];
    Object.assign(this.canvas, { width: Math.max(1, Math.round(wide * ratio)), height: Math.max(1, Math.round(high * ratio)) });
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.scale(ratio, ratio);
    context.translate(0, -size.height * cut[1]);
    context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--coast").trim();
    context.lineWidth = 1;
    context.lineJoin = "round";
    context.stroke(pathOf(this.#lines, box, size));
  }
}

/** All that lies in a box, in pixels of its picture. @param {Line[]} lines @param {Box} box @param {{width: number, height: number}} size */
function pathOf(lines, box, { width, height }) {
  const path = new Path2D();
  const [west, south, , north] = box;
  const across = widthOf(box);
  for (const turn of [-360, 0, 360]) {
    for (const { points, box: [left, bottom, right, top] } of lines) {
      if (left + turn > west + across || right + turn < west || bottom > north || top < south) continue;
      for (let i = 0; i < points.length; i += 2) {
        const x = ((points[i] + turn - west) / across) * width;
        const y = ((north - points[i + 1]) / (north - south)) * height;
        path[!i || isCut(points, i) ? "moveTo" : "lineTo"](x, y);
      }
    }
  }
  return path;
}
