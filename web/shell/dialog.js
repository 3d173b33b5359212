/** A window over all else, closed by Esc, its button, or a click beside it. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";

/**
 * Opens it; it is gone from the page once closed, and the focus is back where it was.
 * @param {string} title @param {...(Node | string)} content
 * @returns {HTMLDialogElement} `close()` closes it
 */
export function openDialog(title, ...content) {
  const dialog = h("dialog", { className: "card dialog", "aria-label": title },
    h("header", { className: "dialog-header" },
      h("h2", {}, title),
      iconButton("close", t("shell.close"), () => dialog.close())),
    h("div", { className: "dialog-body" }, ...content));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
