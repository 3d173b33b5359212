/** Map, globe or cube: radio buttons, of which one holds. */
import { h, icon } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { MODES } from "./mode.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountModes(element, store) {
  element.hidden = MODES.length < 2;
  element.setAttribute("role", "radiogroup");
  element.setAttribute("aria-label", t("shell.mode"));
  const radios = MODES.map((mode) => h("input", { type: "radio", name: "mode", value: mode, onchange: () => store.set({ mode }) }));
  element.append(...MODES.map((mode, i) => h("label", { className: "mode", title: t(`shell.mode.${mode}`) },
    radios[i], icon(mode), h("span", {}, t(`shell.mode.${mode}`)))));
  const stop = store.subscribe(["mode"], ({ mode }) => radios.forEach((radio) => (radio.checked = radio.value === mode)));
  return () => {
    stop();
    element.replaceChildren();
  };
}
