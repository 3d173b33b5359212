/** A list of names below a text field, of which one is chosen by arrows and Enter, or by a click. */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { completed, completions, wordAt } from "./completion.js";

/**
 * @param {HTMLTextAreaElement} field @param {import("../types.js").Variable[]} variables
 * @param {() => void} onchange when a name was put in
 */
export function mountCompletion(field, variables, onchange) {
  const list = h("ul", { className: "card completions", role: "listbox", id: "completions", "aria-label": t("data.names"), hidden: true });
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.after(list);
  let chosen = 0;
  /** @type {ReturnType<typeof completions>} */
  let offered = [];

  const draw = () => {
    list.hidden = !offered.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    list.replaceChildren(...offered.map(({ label, note }, i) => h("li", {
      role: "option", id: `completion-${i}`, "aria-selected": String(i === chosen), onpointerdown: (/** @type {Event} */ event) => {
        event.preventDefault();
        take(i);
      },
    }, h("code", {}, label), h("span", { className: "muted" }, note))));
    list.scrollIntoView({ block: "nearest" });
    if (offered.length) field.setAttribute("aria-activedescendant", `completion-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
  };
  const offer = () => {
    const word = wordAt(field.value, field.selectionStart);
    [offered, chosen] = [word ? completions(word.text, variables) : [], 0];
    draw();
  };
  const take = (/** @type {number} */ index) => {
    const word = wordAt(field.value, field.selectionStart) ?? { start: field.selectionStart, end: field.selectionStart, text: "" };
    const { text, caret } = completed(field.value, word, offered[index].insert);
    field.value = text;
    field.setSelectionRange(caret, caret);
    offered = [];
    draw();
    onchange();
  };
  const leave = () => {
    offered = [];
    draw();
  };
  field.addEventListener("input", offer);
  field.addEventListener("blur", leave);
  field.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key === "Enter" && list.hidden && !event.shiftKey) {
      event.preventDefault();
      return field.form?.requestSubmit();
    }
    if (list.hidden) return;
    if (key === "ArrowDown" || key === "ArrowUp") chosen = (chosen + (key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length;
    else if (key === "Enter" || key === "Tab") take(chosen);
    else if (key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });
}
