/** Writing an expression: names are completed, and the server says at once whether it can be read. */
import { ApiError, getJson, isAbort } from "../api.js";
import { path, query } from "../lib/address.js";
import { h } from "../lib/dom.js";
import { addLayer, patchLayer, PLAIN } from "../lib/layers.js";
import { activeOf, detailOf } from "../lib/select.js";
import { t } from "../lib/text.js";
import { mountBands } from "./bands.js";
import { mountCompletion } from "./complete.js";

/** @typedef {import("../types.js").Store} Store */

const QUIET_MS = 250;

/**
 * @param {HTMLElement} element @param {Store} store @param {() => void} close
 */
export function mountExpression(element, store, close) {
  const layer = activeOf(store.get());
  const detail = detailOf(store.get(), layer);
  if (!layer || !detail) return;
  const [first, second = first] = detail.variables.filter(({ kind }) => kind === "variable").map(({ id }) => id);
  const field = h("textarea", {
    className: "field code-field", rows: 3, spellcheck: false, autocapitalize: "off", id: "expression-text",
    placeholder: `(${second} - ${first}) / (${second} + ${first})`, value: layer.expression ?? "", "aria-describedby": "expression-note",
  });
  const note = h("p", { className: "field-note", id: "expression-note", role: "status" });
  const show = h("button", { type: "submit", className: "button is-primary", disabled: true }, t(layer.expression ? "data.change" : "data.show"));
  const form = h("form", { className: "expression-form", onsubmit: submit },
    h("label", { className: "label", htmlFor: field.id }, t("data.expressionOf", { title: detail.title || detail.id })),
    h("div", { className: "completed" }, field), note,
    h("div", { className: "buttons" }, show, h("button", { type: "button", className: "button", onclick: close }, t("data.cancel"))));
  const bands = h("details", { className: "bands" }, h("summary", {}, t("data.picture")));
  element.replaceChildren(form, bands);
  const check = checkSoon(detail.id, field, note, show);
  mountCompletion(field, detail.variables, check);
  mountBands(bands, detail, (text) => {
    field.value = text;
    check();
  });
  field.addEventListener("input", check);
  if (field.value) check();
  element.scrollIntoView({ block: "nearest" });
  field.focus();

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    const wanted = { ...PLAIN, dataset: detail?.id ?? "", variable: "_", expression: field.value.trim() };
    const shown = activeOf(store.get());
    const isChange = Boolean(shown?.expression && shown.id === layer?.id);
    store.set(isChange && shown ? patchLayer(store.get(), shown.id, { ...wanted, id: shown.id, opacity: shown.opacity }) : addLayer(store.get(), wanted));
    close();
  }
}

/**
 * Asks the server whether a text can be read, once nothing was typed for a moment.
 * @param {string} dataset @param {HTMLTextAreaElement} field @param {HTMLElement} note @param {HTMLButtonElement} show
 */
function checkSoon(dataset, field, note, show) {
  let [timer, controller] = [0, new AbortController()];
  const tell = (/** @type {string} */ text, /** @type {boolean} */ isWrong) => {
    note.textContent = text;
    note.classList.toggle("is-fine", !isWrong);
    show.disabled = isWrong || !text;
    field.setAttribute("aria-invalid", String(isWrong));
  };
  const ask = async () => {
    const expression = field.value.trim();
    controller = new AbortController();
    try {
      await getJson(`tiles/${path(dataset, "_")}/tilejson.json?${query([["expression", expression]])}`, controller.signal);
      tell(t(expression.includes(";") ? "data.isPicture" : "data.isFine"), false);
    } catch (error) {
      if (!isAbort(error)) tell(error instanceof ApiError ? plain(error.message, expression) : String(error), true);
    }
  };
  return () => {
    clearTimeout(timer);
    controller.abort();
    show.disabled = true;
    if (field.value.trim()) timer = window.setTimeout(ask, QUIET_MS);
    else tell("", false);
  };
}

/** Without the text that was typed, which is in sight. @param {string} message @param {string} expression */
function plain(message, expression) {
  return message.replace(`expression='${expression}': `, "").replace(/^expression=/, "");
}
