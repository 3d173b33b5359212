/** Where other programs find what is shown: addresses to copy and files to keep. */
import { followByKey } from "../access/picture.js";
import { mountSigning } from "../access/signing.js";
import { h, icon, iconButton } from "../lib/dom.js";
import { baseOf, servicesOf } from "../lib/service.js";
import { t } from "../lib/text.js";
import { copyBy } from "../shell/clipboard.js";

/** @typedef {import("../lib/service.js").Service} Service */
/** @typedef {import("../types.js").State} State */

const SHOWN = /** @type {(keyof State)[]} */ (["layers", "active", "details", "axes", "time", "playing", "signed"]);

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountElsewhere(element, store) {
  const list = h("ul", { className: "services" });
  const signing = h("div");
  const part = h("section", { className: "panel-section", "aria-label": t("data.elsewhere") }, h("h2", {}, t("data.elsewhere")), signing, list);
  element.append(part);
  const show = () => {
    // While it plays addresses need not follow.
    if (!store.get().playing) showServices(list, servicesOf(store.get(), baseOf(store.get(), document.baseURI)));
  };
  const stops = [store.subscribe(SHOWN, show), mountSigning(signing, store)];
  return () => {
    stops.forEach((stop) => stop());
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
  const field = h("input", { className: "field", readOnly: true, "aria-label": t("data.addressOf", { title }), onfocus: () => field.select() });
  const link = file ? h("a", { className: "icon-button", title: t("data.downloadOf", { title }), "aria-label": t("data.downloadOf", { title }) }, icon("download")) : null;
  if (link) followByKey(link);
  const copy = iconButton("copy", t("data.copyAddress", { title }), () => void copyBy(copy, field.value, t("data.copied"), t("data.copyFailed")));
  return h("li", {},
    h("h3", {}, title),
    h("p", { className: "muted" }, note),
    h("div", { className: "range" },
      field,
      copy,
      link,
    ),
  );
}
