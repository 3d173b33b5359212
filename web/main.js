/** Wires the viewer: one store, and the views that show it. A view is `mount(element, store) → unmount`. */
import { syncHash } from "./hashsync.js";
import { decodeHash } from "./lib/hash.js";
import { startSession } from "./session.js";
import { createStore, INITIAL } from "./store.js";
import { mountInspector } from "./analysis/inspector.js";
import { mountKeyboard } from "./shell/keyboard.js";
import { mountMap } from "./map/map.js";
import { mountNotice } from "./shell/notice.js";
import { mountPanel } from "./shell/panel.js";
import { mountProgress } from "./shell/progress.js";
import { mountTheme } from "./shell/theme.js";
import { mountTimebar } from "./time/timebar.js";
import { mountTools } from "./shell/tools.js";

/** @type {[string, (element: HTMLElement, store: import("./store.js").Store) => () => void][]} */
const VIEWS = [
  ["map", mountMap],
  ["panel", mountPanel],
  ["tools", mountTools],
  ["inspector", mountInspector],
  ["timebar", mountTimebar],
  ["notice", mountNotice],
  ["progress", mountProgress],
];

const store = createStore({ ...INITIAL, ...decodeHash(location.hash) });
mountTheme(document.documentElement, store);
for (const [id, mount] of VIEWS) mount(/** @type {HTMLElement} */ (document.getElementById(id)), store);
mountKeyboard(document.body, store);
syncHash(store);
startSession(store);
