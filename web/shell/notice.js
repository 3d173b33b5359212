/** What went wrong, in the server's words, with a way on. */
import { h, icon, iconButton } from "../lib/dom.js";

/**
 * @param {HTMLElement} element @param {import("../types.js").Store} store
 * @returns {() => void} unmount
 */
export function mountNotice(element, store) {
  return store.subscribe(["problem"], ({ problem }) => {
    if (!problem) return element.replaceChildren();
    const { message, retry } = problem;
    const again = () => {
      store.set({ problem: null });
      retry?.();
    };
    element.replaceChildren(
      h("div", { className: "card notice", role: "alert" },
        icon("alert"),
        h("p", {}, message),
        retry && h("button", { type: "button", className: "button", onclick: again }, "Try again"),
        iconButton("close", "Dismiss", () => store.set({ problem: null })),
      ),
    );
  });
}
