/** Shows the map, the globe or the cube; what is not the map comes when it is first wanted. */
import { t } from "../lib/text.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {(element: HTMLElement, store: Store) => () => void} Mount */

/** @typedef {import("../types.js").State["mode"]} Mode */

/** Where each way but the map comes from: `globe: async () => (await import("../globe/globe.js")).mountGlobe`. @type {Partial<Record<Mode, () => Promise<Mount>>>} */
const PARTS = {
  globe: async () => (await import("../globe/globe.js")).mountGlobe,
  cube: async () => (await import("../cube/cube.js")).mountCube,
};

/** @type {Mode[]} */
export const MODES = ["map", .../** @type {Mode[]} */ (Object.keys(PARTS))];

/**
 * @param {HTMLElement} stage @param {Store} store
 * @returns {() => void} unmount
 */
export function mountMode(stage, store) {
  /** @type {Map<string, () => void>} */
  const mounted = new Map();
  const open = async (/** @type {Mode} */ mode) => {
    const load = PARTS[mode];
    if (mounted.has(mode) || !load) return;
    mounted.set(mode, () => {});
    store.set({ busy: store.get().busy + 1 });
    try {
      if (!hasWebgl()) throw new Error(t("shell.noWebgl"));
      const mount = await load();
      mounted.set(mode, mount(/** @type {HTMLElement} */ (stage.querySelector(`#${mode}`)), store));
    } catch (error) {
      mounted.delete(mode);
      giveUp(store, mode, /** @type {Error} */ (error));
    } finally {
      store.set({ busy: store.get().busy - 1 });
    }
  };
  const stop = store.subscribe(["mode"], ({ mode }) => {
    document.body.dataset.mode = mode;
    for (const view of stage.querySelectorAll(":scope > .view")) view.classList.toggle("is-away", view.id !== (MODES.includes(mode) ? mode : "map"));
    void open(mode);
  });
  return () => {
    stop();
    mounted.forEach((unmount) => unmount());
  };
}

/** Back to the map, and say why. @param {Store} store @param {Mode} mode @param {Error} error */
function giveUp(store, mode, { message }) {
  const text = t("shell.cannotShow", { mode: t(`shell.mode.${mode}`), message });
  store.set({ mode: "map", problem: { message: text, source: "mode", retry: () => store.set({ mode }) } });
}

function hasWebgl() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}
