/** A window in which people make a colormap of their own; the map shows it while they do. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { openDialog } from "../shell/dialog.js";
import { segments } from "../shell/menu.js";
import { activeStyle, patchActive } from "./active.js";
import { parseStops, readStops, writeStops } from "./entries.js";
import { keepOwn } from "./shelf.js";
import { rampsOf } from "./tables.js";

/** @typedef {import("./entries.js").Kind} Kind */
/** @typedef {import("./entries.js").Stop} Stop */

/** @param {import("../types.js").Store} store */
export function openEditor(store) {
  const now = activeStyle(store.get());
  if (!now) return;
  const made = readStops(now.colormap, rampsOf(store.get(), now.layer)?.[0] ?? null);
  const [list, note] = [h("ul", { className: "stop-list" }), h("p", { className: "field-note", role: "status", hidden: true })];
  const tell = (/** @type {string} */ text) => Object.assign(note, { textContent: text, hidden: !text });
  const apply = () => {
    const written = writeStops(made.kind, made.stops, now.scale);
    tell(written ? "" : t("colour.badEntries"));
    if (written) patchActive(store, { colormap: written.colormap, ...(written.rescale ? { rescale: written.rescale } : {}) });
    return written;
  };
  const show = () => list.replaceChildren(...made.stops.map((stop) => row(stop, apply, () => {
    made.stops = made.stops.filter((other) => other !== stop);
    show();
    apply();
  })));
  const add = h("button", { type: "button", className: "button", onclick: () => {
    made.stops.push(next(made.stops));
    show();
    apply();
  } }, t("colour.add"));
  const kinds = segments(t("colour.kind"), [["continuous", t("colour.continuous")], ["stepwise", t("colour.stepwise")], ["categorical", t("colour.classes")]],
    made.kind, (kind) => {
      made.kind = kind;
      apply();
    });
  show();
  openDialog(t("colour.editor"), h("div", { className: "colour-editor" }, kinds, list, add, note, importer(made, () => {
    show();
    apply();
  }, tell), keeper(apply)));
}

/** @param {Stop} stop @param {() => void} apply @param {() => void} remove */
function row(stop, apply, remove) {
  const value = h("input", { type: "number", step: "any", className: "field", value: String(stop.value), "aria-label": t("colour.value") });
  const color = h("input", { type: "color", value: stop.color.slice(0, 7), "aria-label": t("colour.color") });
  value.addEventListener("change", () => {
    stop.value = value.valueAsNumber;
    apply();
  });
  color.addEventListener("input", () => {
    stop.color = color.value;
    apply();
  });
  return h("li", {}, color, value, iconButton("close", t("colour.remove"), remove));
}

/** One further on, as far from the last as that is from the one before. @param {Stop[]} stops @returns {Stop} */
function next(stops) {
  const sorted = stops.toSorted((a, b) => a.value - b.value);
  const [before, last] = [sorted.at(-2), sorted.at(-1)];
  return { value: (last?.value ?? -1) + (before && last ? last.value - before.value : 1), color: last?.color ?? "#0b7285" };
}

/** @param {{kind: Kind, stops: Stop[]}} made @param {() => void} changed @param {(text: string) => void} tell */
function importer(made, changed, tell) {
  const field = h("textarea", { className: "field", rows: 3, placeholder: "0, #ffffff\n10, #08306b", "aria-label": t("colour.import") });
  const read = h("button", { type: "button", className: "button", onclick: () => {
    const { stops, bad } = parseStops(field.value);
    if (bad.length || !stops.length) return tell(t("colour.badColormap", { lines: bad.slice(0, 3).join(" · ") || "–" }));
    made.stops = stops;
    changed();
  } }, t("colour.read"));
  return h("details", {}, h("summary", {}, t("colour.import")), field, read);
}

/** @param {() => {colormap: string} | null} apply */
function keeper(apply) {
  const name = h("input", { type: "text", className: "field", maxLength: 60, placeholder: t("colour.name"), "aria-label": t("colour.name") });
  const keep = h("button", { type: "button", className: "button is-primary", onclick: () => {
    const written = apply();
    if (!name.value.trim()) return name.focus();
    if (written) keepOwn({ name: name.value.trim(), colormap: written.colormap });
    if (written) keep.closest("dialog")?.close();
  } }, t("colour.save"));
  return h("div", { className: "range" }, name, keep);
}
