/** The operator's name, logo and colours, kept legible whatever colours are chosen. */
import { legible, parseHex, textOn, toHex } from "../lib/contrast.js";
import { isDark } from "./theme.js";

/** @typedef {import("../types.js").State} State */

/** What accents are drawn on: `--raised`, which of a theme's grounds leaves them least contrast. */
const GROUNDS = { light: "#f3f6f8", dark: "#202a34" };
const WASH = 0.12;
/** Somewhat more than 4.5, for text on a wash of the accent itself. */
const CONTRAST = 5.2;

/**
 * @param {HTMLElement} root @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountBrand(root, store) {
  const show = () => paint(root, store.get());
  window.addEventListener("themechange", show);
  const stop = store.subscribe(["config"], show);
  return () => {
    window.removeEventListener("themechange", show);
    stop();
  };
}

/** @param {HTMLElement} root @param {State} state */
function paint(root, { config, theme }) {
  const dark = isDark(theme);
  const { accent, accent_dark: accentDark } = config?.colors ?? {};
  const chosen = parseHex((dark ? (accentDark ?? accent) : accent) ?? "");
  const ground = parseHex(dark ? GROUNDS.dark : GROUNDS.light);
  if (!chosen || !ground) return;
  const shown = legible(chosen, ground, CONTRAST);
  const [r, g, b] = shown.map(Math.round);
  root.style.setProperty("--accent", toHex(shown));
  root.style.setProperty("--accent-text", toHex(textOn(shown)));
  root.style.setProperty("--accent-wash", `rgb(${r} ${g} ${b} / ${WASH})`);
}

/** Name and logo, as the panel's header has them. @param {State["config"]} config @returns {{title: string, logo: string}} */
export function brandOf(config) {
  return { title: config?.title || "tileserver", logo: config?.logo || "static/favicon.svg" };
}
