/** The window that takes a key, tries it, and opens the page anew with it. */
import { askWell, isRefusal } from "../ask.js";
import { h, icon, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { openDialog } from "../shell/dialog.js";
import { holdKey } from "./key.js";

const WITHIN_MS = 20_000;

/**
 * @param {string | null} reason why one is asked
 * @param {() => void} [onCancel] when it is closed without a key
 */
export function openSignIn(reason, onCancel = () => {}) {
  if (document.querySelector("dialog.sign-in")) return;
  const field = h("input", {
    type: "password", className: "field", id: "key", required: true, autocomplete: "off", autocapitalize: "none", spellcheck: false, "aria-describedby": "key-note",
  });
  const trouble = h("p", { className: "sign-in-trouble", role: "alert" });
  const submit = h("button", { type: "submit", className: "button is-primary" }, t("access.check"));
  const form = h("form", { className: "sign-in-form" },
    reason && h("p", { className: "sign-in-reason" }, icon("info"), h("span", {}, reason)),
    h("label", { htmlFor: "key" }, t("access.key")),
    h("div", { className: "range" }, field, reveal(field)),
    trouble,
    h("p", { className: "muted", id: "key-note" }, t("access.kept")),
    submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit.disabled = true;
    void enter(field.value.trim()).then((problem) => {
      trouble.textContent = problem;
      submit.disabled = false;
      field.focus();
    });
  });
  const dialog = openDialog(t("access.signInTitle"), form);
  dialog.classList.add("sign-in");
  dialog.addEventListener("close", onCancel);
  field.focus();
}

/** A key that the server takes opens the page anew, as who has it may see other datasets. @param {string} key @returns {Promise<string>} what is wrong with it */
async function enter(key) {
  try {
    const answer = await askWell("caller", { signal: AbortSignal.timeout(WITHIN_MS), cache: "no-store" }, key);
    holdKey(key, await answer.json());
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return isRefusal(error) ? t("access.refused", { detail: message }) : message;
  }
  location.reload();
  return "";
}

/** Shows what is typed, and hides it again. @param {HTMLInputElement} field */
function reveal(field) {
  const button = iconButton("eye", t("access.show"), () => {
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    const label = t(isShown ? "access.hide" : "access.show");
    button.title = label;
    button.setAttribute("aria-label", label);
    button.setAttribute("aria-pressed", String(isShown));
  });
  return button;
}
