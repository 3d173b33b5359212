/** Where other programs find what is shown: addresses to copy and files to keep. */
import { h, icon, iconButton } from "../lib/dom.js";
import { servicesOf } from "../lib/service.js";
import { copyBy } from "../shell/clipboard.js";

/** @typedef {import("../lib/service.js").Service} Service */
/** @typedef {import("../types.js").State} State */

const SHOWN = /** @type {(keyof State)[]} */ (["layers", "active", "details", "axes", "time"]);

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountElsewhere(element, store) {
  const list = h("ul", { className: "services" });
  const part = h("details", { className: "panel-section" },
    h("summary", {}, h("h2", {}, "Use elsewhere"), icon("chevron")), list);
  element.append(part);
  const show = () => {
    // While it plays, and while nobody looks, addresses need not follow.
    if (part.open) showServices(list, servicesOf(store.get(), document.baseURI));
  };
  part.addEventListener("toggle", () => {
    show();
    if (part.open) part.scrollIntoView({ block: "nearest" });
  });
  const stop = store.subscribe(SHOWN, show);
  return () => {
    stop();
    element.replaceChildren();
  };
}

/**
 * Rows are kept, and their addresses changed: so the focus stays where it is.
 * @param {HTMLElement} list @param {Service[]} services
 */
function showServices(list, services) {
  if (list.children.length !== services.length) list.replaceChildren(...services.map(row));
  services.forEach(({ address, file }, i) => {
    const field = /** @type {HTMLInputElement} */ (list.children[i].querySelector("input"));
    if (field.value === address) return;
    field.value = address;
    const link = list.children[i].querySelector("a");
    if (!link) return;
    link.href = address;
    link.download = file ?? "";
  });
}

/** @param {Service} service */
function row({ title, note, file }) {
  const field = h("input", { className: "field", readOnly: true, "aria-label": `Address: ${title}`, onfocus: () => field.select() });
  const copy = iconButton("copy", `Copy the address: ${title}`, () => void copyBy(copy, field.value, "Copied", "Press Ctrl C"));
  return h("li", {},
    h("h3", {}, title),
    h("p", { className: "muted" }, note),
    h("div", { className: "range" },
      field,
      copy,
      file && h("a", { className: "icon-button", title: `Download: ${title}`, "aria-label": `Download: ${title}` }, icon("download")),
    ),
  );
}
