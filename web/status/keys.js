/** The keys that are given out: made, shown once, and taken back. */
import { h, icon, iconButton } from "../lib/dom.js";
import { formatMoment } from "../lib/moment.js";
import { copyBy } from "../shell/clipboard.js";
import { openDialog } from "../shell/dialog.js";
import { getKeys, makeKey, revokeKey } from "./admin.js";
import { run } from "./datasets.js";
import { labelled, openForm, wordsOf } from "./entry.js";
import { confirmBy, redraw, table } from "./table.js";
import { w } from "./words.js";

/** @typedef {import("./datasets.js").Told} Told */

const SCOPES = /** @type {const} */ (["read", "refresh", "admin"]);

/** @param {HTMLElement} element @param {Told} told */
export function mountKeys(element, told) {
  const list = h("div");
  element.append(h("div", { className: "status-bar" }, h("button", { type: "button", className: "button", onclick: () => openKey(told) }, icon("plus"), w("makeKey"))), list);
  return {
    /** @param {AbortSignal} signal */
    look: async (signal) => {
      const keys = await getKeys(signal);
      const headings = [w("keyName"), w("roles"), w("scopes"), w("created"), w("expires"), w("actions")];
      redraw(list, keys, () => [table(w("tab.keys"), headings, keys.map((key) => row(key, told)), w("noKeys"))]);
    },
  };
}

/** @param {import("./admin.js").Key} key @param {Told} told */
function row({ id, name, roles, scopes, created, expires }, told) {
  const revoke = iconButton("trash", w("revoke", { name }), () => {});
  confirmBy(revoke, w("confirmRevoke", { name }), () => void run(revoke, told, async () => {
    await revokeKey(id);
    return w("removed", { dataset: name });
  }));
  const moments = [created, expires].map((moment) => (moment ? formatMoment(moment) : null));
  return { key: id, cells: [h("span", { className: "status-name" }, h("strong", {}, name), h("small", {}, id)), roles.join(", ") || null, scopes.join(", "), ...moments, revoke] };
}

/** @param {Told} told */
function openKey(told) {
  const name = h("input", { className: "field", required: true, maxLength: 100, autocomplete: "off" });
  const roles = h("input", { className: "field", autocomplete: "off" });
  const expires = h("input", { type: "date", className: "field" });
  const scopes = SCOPES.map((scope) => h("input", { type: "checkbox", value: scope, checked: scope === "read" }));
  openForm(w("makeKey"), w("makeKey"), [
    labelled("keyName", name), labelled("roles", roles, true), labelled("expires", expires, true),
    h("fieldset", { className: "status-scopes" }, h("legend", {}, w("scopes")),
      ...SCOPES.map((scope, i) => h("label", { className: "status-check" }, scopes[i], h("span", {}, w(`scope.${scope}`))))),
  ], told, async () => {
    const made = await makeKey({
      name: name.value.trim(), roles: wordsOf(roles.value), scopes: scopes.filter(({ checked }) => checked).map(({ value }) => value),
      expires: expires.value ? `${expires.value}T23:59:59Z` : null,
    });
    showOnce(made.key);
    return w("keyMade");
  });
}

/** @param {string} key */
function showOnce(key) {
  const field = h("input", { className: "field", readOnly: true, value: key, "aria-label": w("tab.keys"), onfocus: () => field.select() });
  const copy = iconButton("copy", w("copy"), () => void copyBy(copy, key, w("copied"), w("copyFailed")));
  openDialog(w("keyMade"), h("div", { className: "range" }, field, copy));
  field.focus();
}
