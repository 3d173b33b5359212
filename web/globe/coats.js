/** Layers of data on the globe, each in one style at one time: a new one is swapped in when it is whole. */
import { ImageryLayer, TextureMagnificationFilter } from "./cesium.js";

/** @typedef {import("./provider.js").CanvasProvider} CanvasProvider */
/** @typedef {{key: string, provider: CanvasProvider, layer: ImageryLayer, since: number}} Coat */
/** @typedef {{id: string, key: string | null, opacity: number, make: () => CanvasProvider,
 *   requests: (tiles: import("./provider.js").Tile[]) => import("../tile/source.js").TileRequest[]}} Wanted
 *   without a key while it is not known how it looks: what is shown stays */

/** Frames until what was added waits in Cesium's own queues. */
const FRAMES = 2;

export class Coats {
  /** @type {Map<string, Coat>} by id of the layer */
  #shown = new Map();
  /** @type {Map<string, Coat>} */
  #waiting = new Map();
  /** Loaded ahead of their time, by key. @type {Map<string, Coat>} */
  #ahead = new Map();
  #frame = 0;
  /** Whether it is not yet known how some layer looks. */
  isUnknown = false;

  /**
   * @param {import("./cesium.js").Scene} scene
   * @param {import("./ground.js").Base} base what lies below them, and above
   */
  constructor(scene, base) {
    this.scene = scene;
    this.base = base;
  }

  get isWaiting() {
    return this.#waiting.size > 0;
  }

  /** Tiles that the shown coat of a layer was drawn from. @param {string} id */
  tilesOf(id) {
    return this.#shown.get(id)?.provider.tiles ?? [];
  }

  get #all() {
    return [...this.#shown.values(), ...this.#waiting.values(), ...this.#ahead.values()];
  }

  /** Pictures that are on their way. */
  get pending() {
    return this.#all.reduce((sum, { provider }) => sum + provider.pending, this.base.pending());
  }

  /** @param {Wanted[]} wanted the lowest first */
  want(wanted) {
    this.isUnknown = wanted.some(({ key }) => key === null);
    const ids = new Set(wanted.map(({ id }) => id));
    for (const coats of [this.#shown, this.#waiting]) {
      for (const [id, coat] of coats) if (!ids.has(id)) this.#drop(coats, id, coat);
    }
    for (const one of wanted) this.#wantOne(one);
    this.#arrange(wanted);
    this.scene.requestRender();
  }

  /** @param {Wanted} wanted */
  #wantOne({ id, key, opacity, make }) {
    const [shown, waiting] = [this.#shown.get(id), this.#waiting.get(id)];
    if (shown) shown.layer.alpha = opacity;
    if (key === null) return;
    if (waiting && waiting.key !== key) this.#drop(this.#waiting, id, waiting);
    if (shown?.key === key || waiting?.key === key) return;
    const ready = this.#ahead.get(key);
    this.#ahead.delete(key);
    this.#waiting.set(id, ready ?? this.#add(key, make()));
  }

  /** @param {string} key @param {CanvasProvider} provider @returns {Coat} */
  #add(key, provider) {
    const layer = new ImageryLayer(/** @type {any} */ (provider), { alpha: 0, magnificationFilter: TextureMagnificationFilter.NEAREST });
    this.scene.imageryLayers.add(layer);
    return { key, provider, layer, since: this.#frame };
  }

  /** @param {Map<string, Coat>} coats @param {string} id @param {Coat} coat */
  #drop(coats, id, coat) {
    coats.delete(id);
    coat.provider.stop();
    this.scene.imageryLayers.remove(coat.layer);
  }

  /** Cesium has them in the order of the stack. @param {Wanted[]} wanted */
  #arrange(wanted) {
    const { imageryLayers } = this.scene;
    const ours = wanted.flatMap(({ id }) => [this.#shown.get(id), this.#waiting.get(id)]).flatMap((coat) => (coat ? [coat.layer] : []));
    const order = [...[...this.#ahead.values()].map(({ layer }) => layer), ...ours, ...this.base.above()];
    const first = imageryLayers.length - order.length;
    if (order.every((layer, i) => imageryLayers.get(first + i) === layer)) return;
    for (const layer of order) imageryLayers.raiseToTop(layer);
  }

  /** Load coats before they are wanted; others that were are given up. @param {Wanted[]} wanted */
  ahead(wanted) {
    const keys = new Set(wanted.map(({ key }) => key));
    const gone = [...this.#ahead].filter(([key]) => !keys.has(key));
    const known = new Set(this.#all.map(({ key }) => key));
    const added = wanted.filter(({ key }) => key !== null && !known.has(key));
    if (!gone.length && !added.length) return;
    for (const [key, coat] of gone) this.#drop(this.#ahead, key, coat);
    for (const { key, make } of added) if (key !== null) this.#ahead.set(key, this.#add(key, make()));
    for (const layer of this.base.above()) this.scene.imageryLayers.raiseToTop(layer);
    this.scene.requestRender();
  }

  /** Whether all that was added is loaded, for what is in view. */
  get isWhole() {
    return this.#frame >= FRAMES && this.scene.globe.tilesLoaded && !this.base.pending() && this.#all.every(({ since, provider }) => this.#frame - since >= FRAMES && !provider.pending);
  }

  /** Keys of the coats that could be shown at once. */
  get keys() {
    return new Set([...this.#shown.values(), ...this.#ahead.values()].map(({ key }) => key));
  }

  /** After each frame. @param {(id: string) => number} opacityOf @returns {boolean} whether something was swapped in */
  settle(opacityOf) {
    this.#frame++;
    if (!this.#waiting.size || !this.isWhole) return false;
    for (const [id, coat] of [...this.#waiting]) {
      const old = this.#shown.get(id);
      coat.layer.alpha = opacityOf(id);
      this.#waiting.delete(id);
      if (old) this.#drop(this.#shown, id, old);
      this.#shown.set(id, coat);
    }
    this.scene.requestRender();
    return true;
  }

  /** Give up all. */
  clear() {
    for (const coats of [this.#shown, this.#waiting, this.#ahead]) {
      for (const [id, coat] of coats) this.#drop(coats, id, coat);
    }
  }
}
