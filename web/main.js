/** Wires the viewer: one store, and the views that show it. A view is `mount(element, store) → unmount`. */
import { syncHash } from "./hashsync.js";
import { decodeHash } from "./lib/hash.js";
import { startSession } from "./session.js";
import { createStore, INITIAL } from "./store.js";
import { mountInspector } from "./view/inspector.js";
import { mountKeyboard } from "./view/keyboard.js";
import { mountMap } from "./view/map.js";
import { mountNotice } from "./view/notice.js";
import { mountPanel } from "./view/panel.js";
import { mountProgress } from "./view/progress.js";
import { mountTheme } from "./view/theme.js";
import { mountTimebar } from "./view/timebar.js";
import { mountTools } from "./view/tools.js";

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
