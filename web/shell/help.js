/** The keys that the viewer listens to, as an overlay. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { openDialog } from "./dialog.js";

/** @type {[string[], import("../lib/text.js").TextKey][]} */
const KEYS = [
  [["←", "→"], "shell.key.step"],
  [["Home", "End"], "shell.key.ends"],
  [["Space"], "shell.key.play"],
  [["+", "−"], "shell.key.zoom"],
  [["Shift", "← ↑ → ↓"], "shell.key.pan"],
  [["F"], "shell.key.fit"],
  [["Enter"], "shell.key.middle"],
  [["M", "G", "C"], "shell.key.mode"],
  [["D"], "shell.key.theme"],
  [["L"], "shell.key.link"],
  [["P"], "shell.key.panel"],
  [["/"], "shell.key.search"],
  [["Esc"], "shell.key.close"],
  [["?"], "shell.key.help"],
];

/** Keys that are called otherwise in another language. @type {Record<string, import("../lib/text.js").TextKey>} */
const NAMED = { Space: "shell.space", Enter: "shell.enter", Shift: "shell.shift", Home: "shell.home", End: "shell.end" };

export function openHelp() {
  if (document.querySelector("dialog.help")) return;
  const rows = KEYS.flatMap(([keys, text]) => [
    h("dt", {}, ...keys.flatMap((key, i) => [i ? " " : "", h("kbd", {}, NAMED[key] ? t(NAMED[key]) : key)])),
    h("dd", {}, t(text)),
  ]);
  openDialog(t("shell.keys"), h("dl", { className: "keys" }, ...rows), h("p", { className: "muted" }, t("shell.pointer"))).classList.add("help");
}
