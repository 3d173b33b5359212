/** The ground of the globe: smooth, or with the heights of a variable, steeper than they are. */
import { CustomHeightmapTerrainProvider, EllipsoidTerrainProvider } from "./cesium.js";
import { getDetail, isAbort } from "../api.js";
import { PLAIN } from "../lib/layers.js";
import { overlaps, boxOfTile } from "./plate.js";
import { heightmap, mostLevel } from "./heights.js";
import { loadTile, reader } from "./tiles.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {import("../types.js").Terrain} Terrain */

const POINTS = 65; // of a tile's mesh, along a side

/** Terrain whose tiles end where the data's cells do: Cesium makes finer ones of these. */
class Ground extends CustomHeightmapTerrainProvider {
  /** @param {Detail} detail @param {string} variable @param {AbortSignal} signal @param {(error: unknown) => void} onFail */
  constructor(detail, variable, signal, onFail) {
    const layer = { ...PLAIN, dataset: detail.id, variable };
    const values = { state: { details: { [detail.id]: detail }, ranges: {} }, layer, time: null };
    const flat = new Float32Array(POINTS * POINTS);
    super({
      width: POINTS,
      height: POINTS,
      callback: async (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ z) => {
        if (detail.bbox && !overlaps(boxOfTile({ z, x, y }), detail.bbox)) return flat;
        try {
          const data = await loadTile(values, { z, x, y }, signal, true);
          return data.kind === "raw" ? heightmap(reader(data), data.width, POINTS) : flat;
        } catch (error) {
          if (!isAbort(error)) onFail(error);
          return flat;
        }
      },
    });
    this.most = mostLevel(detail);
  }

  /** @param {number} _x @param {number} _y @param {number} level */
  getTileDataAvailable(_x, _y, level) {
    return level <= this.most;
  }
}

/**
 * @param {import("./cesium.js").CesiumWidget} widget @param {Store} store
 * @returns {() => void} unmount
 */
export function mountTerrain(widget, store) {
  const { scene } = widget;
  let shown = "";
  let loading = new AbortController();
  const tell = (/** @type {unknown} */ error) =>
    store.set({ problem: { message: error instanceof Error ? error.message : String(error), source: "terrain", retry: null } });
  /** @param {Terrain} terrain */
  const open = async ({ dataset, variable }) => {
    const { signal } = loading;
    try {
      const detail = store.get().details[dataset] ?? (await getDetail(dataset, signal));
      if (!signal.aborted) scene.terrainProvider = new Ground(detail, variable, signal, tell);
      scene.requestRender();
    } catch (error) {
      if (!isAbort(error)) tell(error);
    }
  };
  const stop = store.subscribe(["terrain", "mode"], ({ terrain, mode }) => {
    if (mode !== "globe") return;
    scene.verticalExaggeration = terrain?.factor ?? 1;
    scene.requestRender();
    const wanted = terrain ? `${terrain.dataset}/${terrain.variable}` : "";
    if (wanted === shown) return;
    shown = wanted;
    loading.abort();
    loading = new AbortController();
    if (terrain) void open(terrain);
    else scene.terrainProvider = new EllipsoidTerrainProvider();
  });
  return () => {
    stop();
    loading.abort();
  };
}
