/** The layers of the stack on the globe, in their order, each at its time. */
import { isAbort } from "../api.js";
import { detailOf, timeOf, variableOf } from "../lib/select.js";
import { rampsOf, tables } from "../tile/ramps.js";
import { reportSettled } from "../tile/settled.js";
import { Ahead } from "./ahead.js";
import { Coats } from "./coats.js";
import { dataProvider } from "./paint.js";
import { isRaw, requestOf } from "./tiles.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("./coats.js").Wanted} Wanted */

const ANY = { z: 0, x: 0, y: 0 };

/**
 * @param {import("./cesium.js").CesiumWidget} widget @param {Store} store @param {import("./ground.js").Base} base
 * @returns {() => void} unmount
 */
export function mountData({ scene }, store, base) {
  const coats = new Coats(scene, base);
  const listeners = { onCome: () => scene.requestRender(), onFail: (/** @type {unknown} */ error) => tell(store, error, () => refresh(true)) };
  const wantedAt = (/** @type {State} */ state) => state.layers.flatMap((layer) => wanted(state, layer, listeners) ?? []);
  const ahead = new Ahead(coats, store, wantedAt);
  /** @param {boolean} [anew] load even what failed */
  const refresh = (anew = false) => {
    const state = store.get();
    if (state.mode !== "globe") return settle(store, coats);
    if (anew) coats.clear();
    coats.want(wantedAt(state));
    ahead.refresh();
    settle(store, coats);
  };
  const opacityOf = (/** @type {string} */ id) => store.get().layers.find((layer) => layer.id === id)?.opacity ?? 1;
  const onTable = () => refresh();
  tables.addEventListener("change", onTable);
  const stops = [
    store.subscribe(["layers", "details", "axes", "time", "ranges", "mode", "busy"], () => refresh()),
    () => tables.removeEventListener("change", onTable),
    scene.postRender.addEventListener(() => {
      coats.settle(opacityOf);
      ahead.settle();
      if (!coats.isWhole && !coats.pending) scene.requestRender();
      settle(store, coats);
    }),
    () => ahead.stop(),
  ];
  return () => {
    stops.forEach((stop) => stop());
    coats.clear();
  };
}

/**
 * @param {State} state @param {Layer} layer @param {{onCome: () => void, onFail: (error: unknown) => void}} listeners
 * @returns {Wanted | null}
 */
function wanted(state, layer, listeners) {
  if (!layer.visible || !variableOf(state, layer)) return null;
  const values = { state: { details: state.details, ranges: state.ranges }, layer, time: timeOf(state, layer) };
  const ramps = isRaw(state, layer) ? rampsOf(state, layer) : [];
  const address = requestOf(values, ANY)?.address;
  if (!address) return null;
  const make = () => dataProvider(values, ramps ?? [], listeners);
  const requests = (/** @type {import("./provider.js").Tile[]} */ wantedTiles) => wantedTiles.flatMap((tile) => requestOf(values, tile) ?? []);
  return { id: layer.id, key: ramps && [address, ...ramps.map(nameOf)].join(" "), opacity: layer.opacity, make, requests };
}

/** The same for equal colours. @param {import("../tile/ramps.js").Ramp} ramp */
function nameOf({ table, ...ends }) {
  return JSON.stringify([hashOf(table), ends]);
}

/** @type {WeakMap<Uint8Array, number>} */
const hashes = new WeakMap();

/** FNV-1a. @param {Uint8Array} bytes */
function hashOf(bytes) {
  const known = hashes.get(bytes);
  if (known !== undefined) return known;
  const hash = bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5);
  hashes.set(bytes, hash);
  return hash;
}

/** Whether the frame that is asked for is there. @param {Store} store @param {Coats} coats */
function settle(store, coats) {
  const state = store.get();
  if (state.mode !== "globe") return reportSettled(coats, null);
  const isKnown = state.busy === 0 && state.layers.every((layer) => detailOf(state, layer) !== null);
  reportSettled(coats, isKnown && !coats.isWaiting && !coats.isUnknown && coats.isWhole);
  if (state.loading !== coats.isWaiting) store.set({ loading: coats.isWaiting });
}

/** @param {Store} store @param {unknown} error @param {() => void} retry */
function tell(store, error, retry) {
  if (isAbort(error) || store.get().problem?.source === "tiles") return;
  const message = error instanceof Error ? error.message : String(error);
  store.set({ playing: false, problem: { message, source: "tiles", retry } });
}
