/** Wires the viewer: one store, and the views that show it. A view is `mount(element, store) → unmount`. */
import { followRefusals } from "./access/refusal.js";
import { getConfig } from "./api.js";
import { syncHash } from "./hashsync.js";
import { decodeHash } from "./lib/hash.js";
import { setLanguage } from "./lib/text.js";
import { startSession } from "./session.js";
import { followEvents } from "./follow.js";
import { createStore, INITIAL } from "./store.js";
import { mountAnalysis } from "./shell/analysis.js";
import { mountBrand } from "./shell/brand.js";
import { mountEmbed } from "./shell/embed.js";
import { mountKeyboard } from "./shell/keyboard.js";
import { chooseLanguage, followLanguage, nameParts } from "./shell/language.js";
import { mountMeasure } from "./shell/measure.js";
import { mountMode } from "./shell/mode.js";
import { mountNoData } from "./shell/nodata.js";
import { mountNotice } from "./shell/notice.js";
import { mountPanel } from "./shell/panel.js";
import { mountProgress } from "./shell/progress.js";
import { fillSlots } from "./shell/slots.js";
import { mountTheme } from "./shell/theme.js";
import { mountTools } from "./shell/tools.js";
import { mountTouch } from "./shell/touch.js";
import { mountWelcome } from "./shell/welcome.js";

/** @type {[string, (element: HTMLElement, store: import("./store.js").Store) => () => void][]} */
const VIEWS = [
  ["panel", mountPanel],
  ["tools", mountTools],
  ["stage", mountMode],
  ["stage", mountNoData],
  ["map", mountTouch],
  ["analysis", mountAnalysis],
  ["notice", mountWelcome],
  ["notice", mountNotice],
  ["progress", mountProgress],
];
const CONFIG_WITHIN_MS = 3000;

const root = document.documentElement;
const link = decodeHash(location.hash);
// Without it the viewer has its own name and colours; what else is wrong is told by what needs it.
const config = await getConfig(AbortSignal.timeout(CONFIG_WITHIN_MS)).catch(() => null);
setLanguage(chooseLanguage(link.language, config?.language ?? null, navigator.languages));
nameParts(document);
const store = createStore({ ...INITIAL, ...link, config });
mountEmbed(document.body, store);
mountTheme(root, store);
mountBrand(root, store);
for (const [id, mount] of VIEWS) mount(/** @type {HTMLElement} */ (document.getElementById(id)), store);
fillSlots(document.body, store);
mountMeasure(root, store);
mountKeyboard(document.body, store);
syncHash(store);
followLanguage();
followRefusals(store);
startSession(store);
followEvents(store);
