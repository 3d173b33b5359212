/** What the picture will look like: drawn anew a moment after each change, as fine as the screen is. */
import { isAbort } from "../api.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { drawPicture } from "./picture.js";
import { lookAhead } from "./size.js";

const QUIET_MS = 150;

/**
 * @param {import("../types.js").State} state @param {import("./size.js").Size} screen
 * @param {AbortSignal} closing
 * @returns {{element: HTMLElement, show: (wish: import("./picture.js").Wish) => void}}
 */
export function makePreview(state, screen, closing) {
  const canvas = h("canvas", { role: "img", "aria-label": t("export.preview") });
  const trouble = h("p", { className: "muted", role: "alert", hidden: true });
  const element = h("figure", { className: "export-preview" }, canvas, trouble);
  let drawing = new AbortController();
  let timer = 0;
  closing.addEventListener("abort", () => {
    clearTimeout(timer);
    drawing.abort();
  });
  /** @param {import("./picture.js").Wish} wish */
  const draw = async (wish) => {
    drawing = new AbortController();
    try {
      const drawn = await drawPicture(state, { ...wish, size: lookAhead(wish.size, screen) }, drawing.signal);
      Object.assign(canvas, { width: drawn.width, height: drawn.height });
      canvas.getContext("2d")?.drawImage(drawn, 0, 0);
      trouble.hidden = true;
      element.dataset.drawn = "true";
    } catch (error) {
      if (isAbort(error)) return;
      trouble.textContent = t("export.failed", { message: /** @type {Error} */ (error).message });
      trouble.hidden = false;
    }
  };
  return {
    element,
    show(wish) {
      drawing.abort();
      clearTimeout(timer);
      element.dataset.drawn = "false";
      timer = window.setTimeout(() => void draw(wish), QUIET_MS);
    },
  };
}
