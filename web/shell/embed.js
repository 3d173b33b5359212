/**
 * In a frame of another page, `?embed=1`: the map with its legend and its bar of time. The page
 * around hears of changes, and can set what is shown, by messages.
 */
import { h, icon } from "../lib/dom.js";
import { DEFAULTS, decodeHash, encodeHash } from "../lib/hash.js";
import { t } from "../lib/text.js";

/** @typedef {import("../types.js").Store} Store */

const QUIET_MS = 150;
const LINK_KEYS = /** @type {(keyof import("../types.js").Link)[]} */ (Object.keys(DEFAULTS));

/** What `?embed=1` is asked to leave out, or to show: each `0` or `1`. */
export const PARTS = /** @type {const} */ (["panel", "timebar", "tools", "analysis", "link"]);
const SHOWN = { panel: true, timebar: true, tools: false, analysis: false, link: true };

/** @param {string} search of the address @returns {Record<typeof PARTS[number], boolean> | null} null without `embed=1` */
export function embedOptions(search) {
  const query = new URLSearchParams(search);
  if (query.get("embed") !== "1") return null;
  const entries = PARTS.map((part) => [part, query.has(part) ? query.get(part) === "1" : SHOWN[part]]);
  return Object.fromEntries(entries);
}

/**
 * @param {HTMLElement} body @param {Store} store
 * @returns {() => void} unmount
 */
export function mountEmbed(body, store) {
  const options = embedOptions(location.search);
  if (!options) return () => {};
  body.classList.add("is-embedded");
  for (const part of PARTS) body.classList.toggle(`without-${part}`, !options[part]);
  // A click chooses no place where its values are not shown.
  if (!options.analysis) document.getElementById("map")?.addEventListener("click", (event) => event.stopPropagation(), { capture: true });
  for (const sheet of body.querySelectorAll(".sheet")) sheet.classList.remove("sheet");
  const stops = [addLink(body, store), talk(store)];
  return () => stops.forEach((stop) => stop());
}

/** The way to the whole viewer, which shows the same. @param {HTMLElement} body @param {Store} store */
function addLink(body, store) {
  const link = h("a", { className: "card embed-link", target: "_blank", rel: "noopener" }, h("span", {}, t("shell.fullViewer")), icon("external"));
  body.append(link);
  const stop = store.subscribe(LINK_KEYS, (state) => (link.href = `${location.pathname}#${encodeHash(state)}`));
  return () => {
    stop();
    link.remove();
  };
}

/** A hash without layers keeps those that are shown. @param {Store} store @param {string} hash */
function follow(store, hash) {
  const link = decodeHash(hash);
  const { layers, active } = store.get();
  store.set(link.layers.length ? link : { ...link, layers, active });
}

/** @param {Store} store */
function talk(store) {
  let timer = 0;
  let told = "";
  const tell = () => {
    const hash = encodeHash(store.get());
    if (hash === told) return;
    told = hash;
    // What is shown is in the frame's address, which whoever made the frame has given it: no secret.
    window.parent.postMessage({ source: "tileserver", type: "state", hash }, "*");
  };
  const hear = (/** @type {MessageEvent} */ { source, data }) => {
    if (source !== window.parent || window.parent === window || data?.target !== "tileserver") return;
    if (data.type === "state" && typeof data.hash === "string") follow(store, data.hash);
  };
  window.addEventListener("message", hear);
  const stop = store.subscribe(LINK_KEYS, () => {
    clearTimeout(timer);
    timer = window.setTimeout(tell, QUIET_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
    window.removeEventListener("message", hear);
  };
}
