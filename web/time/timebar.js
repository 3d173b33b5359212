/** Time: what is shown, what there is, and how it is played. */
import { h, icon, iconButton } from "../lib/dom.js";
import { setTime } from "../lib/layers.js";
import { activeOf, axisOf, timeAfter } from "../lib/select.js";
import { t } from "../lib/text.js";
import { mountAxis } from "./axis.js";
import { startPlayer } from "./player.js";
import { createSettings } from "./settings.js";
import { mountStamp } from "./stamp.js";

/** @typedef {import("../types.js").Store} Store */

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountTimebar(element, store) {
  const play = iconButton("play", t("time.play"), () => store.set({ playing: !store.get().playing }));
  play.classList.add("is-primary");
  const step = (/** @type {number} */ by) => () => store.set({ ...setTime(store.get(), timeAfter(store.get(), by)), playing: false });
  const controls = h("div", { className: "time-controls" },
    iconButton("previous", t("time.previous"), step(-1)), play, iconButton("next", t("time.next"), step(1)));
  const [stamp, axis] = [h("div", { className: "time-moment" }), h("div", { className: "time-axis" })];
  element.append(controls, stamp, axis, ...createSettings(store, axis));
  const stops = [
    mountStamp(stamp, store),
    mountAxis(axis, store),
    store.subscribe(["axes", "details", "layers", "active"], (state) => {
      const { length } = axisOf(state, activeOf(state));
      element.hidden = !length;
      document.body.classList.toggle("has-time", Boolean(length));
      controls.hidden = axis.hidden = length < 2;
    }),
    store.subscribe(["playing", "preload", "ready"], ({ playing, preload, ready }) => {
      play.replaceChildren(icon(playing ? "pause" : "play"));
      play.title = playing ? t("time.pause") : t("time.play");
      play.setAttribute("aria-label", play.title);
      play.classList.toggle("is-waiting", playing && preload.length > 0 && !ready.length);
    }),
    startPlayer(store, element),
  ];
  return () => {
    stops.forEach((stop) => stop());
    element.replaceChildren();
  };
}
