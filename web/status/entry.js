/** The windows in which an entry of the catalogue is written: a new one, or one that is there. */
import { h } from "../lib/dom.js";
import { openDialog } from "../shell/dialog.js";
import { change, getEntry, register } from "./admin.js";
import { w } from "./words.js";

/** @typedef {import("./datasets.js").Told} Told */
/** @typedef {import("./words.js").WordKey} WordKey */

/** @param {Told} told */
export function openRegister(told) {
  const inputs = {
    url: h("input", { className: "field", required: true, placeholder: w("addressHint"), autocomplete: "off" }),
    id: h("input", { className: "field", required: true, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", autocomplete: "off" }),
    title: h("input", { className: "field", autocomplete: "off" }),
    storage: h("input", { className: "field", autocomplete: "off" }),
    roles: h("input", { className: "field", placeholder: w("rolesHint"), autocomplete: "off" }),
  };
  const isChecked = h("input", { type: "checkbox", checked: true });
  openForm(w("new"), w("add"), [
    labelled("address", inputs.url), labelled("id", inputs.id), labelled("titleOf", inputs.title, true),
    labelled("storage", inputs.storage, true), labelled("roles", inputs.roles, true),
    h("label", { className: "status-check" }, isChecked, h("span", {}, w("checked"))),
  ], told, async () => {
    const entry = entryOf(Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, value.trim()])));
    await register(entry, isChecked.checked);
    return w("registered", { dataset: entry.id });
  });
}

/**
 * What was typed, as an entry: what is empty is left out.
 * @param {Record<string, string>} typed
 * @returns {{id: string, url: string, title?: string, storage?: string, access?: {roles: string[]}}}
 */
export function entryOf({ id, url, title, storage, roles }) {
  const allowed = wordsOf(roles);
  return { id, url, ...(title && { title }), ...(storage && { storage }), ...(allowed.length && { access: { roles: allowed } }) };
}

/** @param {string} text parted by commas */
export const wordsOf = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);

/** @param {string} id @param {Told} told */
export async function openChange(id, told) {
  try {
    const { entry, mark } = await getEntry(id);
    const field = h("textarea", { className: "field status-json", rows: 18, spellcheck: false, value: JSON.stringify(entry, null, 2) });
    openForm(w("change", { title: id }), w("save"), [labelled("entry", field)], told, async () => {
      await change(id, parsed(field.value), mark);
      return w("changed", { dataset: id });
    });
  } catch (error) {
    told.fail(/** @type {Error} */ (error));
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(w("invalid", { message: /** @type {Error} */ (error).message }), { cause: error });
  }
}

/**
 * A window with fields that stays open until what it does is done.
 * @param {string} title @param {string} button @param {Node[]} fields @param {Told} told
 * @param {() => Promise<string>} work answers what is then said
 * @param {boolean} [stays] whether it stays open, and says so itself
 */
export function openForm(title, button, fields, told, work, stays = false) {
  const trouble = h("p", { className: "status-trouble", role: "alert" });
  const submit = h("button", { type: "submit", className: "button is-primary" }, button);
  const note = h("p", { className: "muted", role: "status" });
  const form = h("form", { className: "status-form" }, ...fields, trouble, h("div", { className: "status-foot" }, note, submit));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    trouble.textContent = "";
    try {
      const done = await work();
      if (stays) note.textContent = done;
      else {
        told.say(done);
        dialog.close();
        await told.again();
      }
    } catch (error) {
      trouble.textContent = /** @type {Error} */ (error).message;
    }
    submit.disabled = false;
  });
  const dialog = openDialog(title, form);
  return dialog;
}

/** @param {WordKey} key @param {HTMLElement} field @param {boolean} [isOptional] */
export function labelled(key, field, isOptional = false) {
  return h("label", { className: "status-field" }, h("span", {}, w(key), isOptional && h("small", {}, ` ${w("optional")}`)), field);
}
