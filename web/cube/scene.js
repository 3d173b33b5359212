/** The cube on the page: six canvases in space, turned by dragging beside them, cut open by dragging them. */
import { colorAt } from "../colour/ramp.js";
import { h } from "../lib/dom.js";
import { Coast } from "./coast.js";
import { cellsLeft, faceOf, placeOf } from "./block.js";
import { placeMarks } from "./mark.js";
import { START } from "./room.js";
import { AXES, dragFace, faceBox, FACES } from "./solid.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Cut} Cut */
/** @typedef {import("./block.js").FaceName} FaceName */
/** @typedef {import("../colour/ramp.js").Ramp} Ramp */
/** @typedef {{oncut: (cut: Cut) => void, onpoint: (place: ReturnType<typeof placeOf> & {value: number} | null, x: number, y: number) => void}} Listeners */

const TURN = 0.4; // degrees for a pixel
const STEEPEST = 80;
const KEY_TURN = 6;
/** @type {Record<string, [number, number]>} */
const KEYS = { ArrowLeft: [0, -KEY_TURN], ArrowRight: [0, KEY_TURN], ArrowUp: [KEY_TURN, 0], ArrowDown: [-KEY_TURN, 0] };

/** What is drawn of a cut: whole cells. @param {Block} block @param {Cut} cut @returns {Cut} */
function wholeCells(block, cut) {
  const left = cellsLeft(block, cut);
  const [steps, height, width] = block.shape;
  return [left.steps / steps, left.top / height, left.width / width];
}

export class Scene {
  /** @type {Block | null} */
  block = null;
  /** @type {Cut} */
  cut = [1, 0, 1];
  /** @type {Ramp | null} */
  ramp = null;
  size = { width: 300, height: 200, depth: 200 };
  turn = { ...START };

  /** @param {HTMLElement} element @param {string} label @param {Listeners} listeners */
  constructor(element, label, listeners) {
    this.element = element;
    this.listeners = listeners;
    this.faces = new Map(FACES.map((name) => [name, h("canvas", { className: `cube-face is-${name}`, "data-face": name })]));
    this.coast = new Coast();
    this.outline = new Map(FACES.map((name) => [name, h("div", { className: "cube-outline" })]));
    this.solid = h("div", { className: "cube-solid" }, ...this.outline.values(), ...this.faces.values(), this.coast.canvas);
    this.marks = h("div", { className: "cube-marks", "aria-hidden": "true" });
    element.append(this.solid, this.marks);
    element.tabIndex = 0;
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    this.#listen();
  }

  #listen() {
    const { element } = this;
    /** @type {{name: FaceName | null, x: number, y: number, cut: Cut, turn: {pitch: number, yaw: number}} | null} */
    let drag = null;
    element.addEventListener("pointerdown", (event) => {
      const name = /** @type {FaceName | undefined} */ (/** @type {HTMLElement} */ (event.target).dataset.face) ?? null;
      drag = { name: name && AXES[name] ? name : null, x: event.clientX, y: event.clientY, cut: this.cut, turn: this.turn };
      element.setPointerCapture(event.pointerId);
      element.classList.toggle("is-dragging", true);
    });
    element.addEventListener("pointermove", (event) => {
      if (!drag) return this.#point(event);
      const by = /** @type {[number, number]} */ ([event.clientX - drag.x, event.clientY - drag.y]);
      if (drag.name) this.listeners.oncut(dragFace(drag.cut, drag.name, by, this.size, drag.turn));
      else this.#turnTo(drag.turn.pitch - by[1] * TURN, drag.turn.yaw + by[0] * TURN);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, () => {
        drag = null;
        element.classList.toggle("is-dragging", false);
      });
    }
    element.addEventListener("pointerleave", () => this.listeners.onpoint(null, 0, 0));
    element.addEventListener("keydown", (event) => {
      const by = KEYS[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.#turnTo(this.turn.pitch + by[0], this.turn.yaw + by[1]);
    });
  }

  reset() {
    this.#turnTo(START.pitch, START.yaw);
  }

  /** @param {number} pitch @param {number} yaw */
  #turnTo(pitch, yaw) {
    this.turn = { pitch: Math.max(-STEEPEST, Math.min(STEEPEST, pitch)), yaw };
    this.#place();
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const canvas = /** @type {HTMLCanvasElement} */ (event.target);
    const name = /** @type {FaceName | undefined} */ (canvas.dataset.face);
    if (!name || !this.block) return this.listeners.onpoint(null, 0, 0);
    const slice = faceOf(this.block, this.cut, name);
    const cell = (/** @type {number} */ offset, /** @type {number} */ length, /** @type {number} */ count) =>
      Math.min(count - 1, Math.max(0, Math.floor((offset / length) * count)));
    const col = cell(event.offsetX, canvas.clientWidth, slice.width);
    const row = cell(event.offsetY, canvas.clientHeight, slice.height);
    const { left, top } = this.element.getBoundingClientRect();
    this.listeners.onpoint({ ...placeOf(this.block, this.cut, name, col, row), value: slice.at(col, row) }, event.clientX - left, event.clientY - top);
  }

  /** @param {{block: Block | null, cut: Cut, ramp: Ramp | null, size: import("./solid.js").Size}} what */
  show({ block, cut, ramp, size }) {
    Object.assign(this, { block, cut, ramp, size });
    this.#place();
    if (block && ramp) for (const [name, canvas] of this.faces) paint(canvas, faceOf(block, cut, name), ramp);
  }

  #place() {
    const { pitch, yaw } = this.turn;
    this.solid.style.transform = `rotateX(${pitch}deg) rotateY(${yaw}deg)`;
    const drawn = this.block ? wholeCells(this.block, this.cut) : this.cut;
    const set = (/** @type {HTMLElement} */ element, /** @type {FaceName} */ name, /** @type {Cut} */ cut) => {
      const { width, height, transform } = faceBox(name, this.size, cut);
      Object.assign(element.style, { width: `${width}px`, height: `${height}px`, transform });
    };
    for (const [name, canvas] of this.faces) set(canvas, name, drawn);
    set(this.coast.canvas, "front", drawn);
    // Just before the face, else the two would share their pixels.
    this.coast.canvas.style.transform += " translateZ(0.5px)";
    if (this.block) this.coast.show(this.block.box, this.size, drawn);
    for (const [name, edge] of this.outline) set(edge, name, [1, 0, 1]);
    placeMarks(this.marks, this.block, drawn, this.size, this.turn);
  }
}

/** @param {HTMLCanvasElement} canvas @param {import("./block.js").Slice} slice @param {Ramp} ramp */
function paint(canvas, { width, height, at }, ramp) {
  [canvas.width, canvas.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const picture = context.createImageData(width, height);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) picture.data.set(colorAt(ramp, at(col, row)), 4 * (row * width + col));
  }
  context.putImageData(picture, 0, 0);
}
