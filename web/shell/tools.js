/** The tools above the map: zoom, ways to see it, and the slots of drawing, comparing and exporting. */
import { userMenu } from "../access/menu.js";
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { copyBy } from "./clipboard.js";
import { mountModes } from "./modes.js";
import { settingsMenu } from "./settings.js";
import { tellView } from "./view.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountTools(element, store) {
  const copy = iconButton("link", t("shell.copyLink"), () => void copyBy(copy, location.href, t("shell.linkCopied"), t("shell.copyAddress")));
  copy.id = "copy-link";
  const modes = h("div", { className: "card tool-group modes", id: "modes" });
  const settings = settingsMenu(store);
  const user = userMenu(store);
  element.append(
    h("div", { className: "card tool-group zoom" },
      iconButton("plus", t("shell.zoomIn"), () => tellView("view:zoom", 1)),
      iconButton("minus", t("shell.zoomOut"), () => tellView("view:zoom", -1)),
      iconButton("fit", t("shell.fit"), () => tellView("view:fit"))),
    modes,
    h("div", { className: "card tool-group" },
      ...["draw", "compare", "export"].map((name) => h("div", { id: `tools-${name}`, className: "tool-slot" })),
      copy, user.button, user.menu, settings.button, settings.menu),
  );
  const stops = [mountModes(modes, store), user.stop];
  return () => {
    stops.forEach((stop) => stop());
    element.replaceChildren();
  };
}
