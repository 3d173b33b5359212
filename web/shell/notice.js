/** What went wrong, in the server's words, with a way on. Troubles of different parts are stacked. */
import { h, icon, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";

/** @typedef {import("../types.js").Problem} Problem */
/** @typedef {import("../types.js").Store} Store */

const MOST = 3; // notices at once: the oldest go

/**
 * @param {HTMLElement} element @param {Store} store
 * @returns {() => void} unmount
 */
export function mountNotice(element, store) {
  /** @type {Problem[]} */
  let shown = [];
  /** @type {Problem | null} */
  let latest = null;
  const stack = h("div", { className: "notice-stack" });
  element.append(stack);
  const draw = () => stack.replaceChildren(...offline(), ...shown.map((problem) => notice(problem, () => drop(problem))));
  const drop = (/** @type {Problem} */ problem) => {
    shown = shown.filter((one) => one !== problem);
    if (store.get().problem === problem) store.set({ problem: null });
    draw();
  };
  const stop = store.subscribe(["problem"], ({ problem }) => {
    // One that is taken back is gone; one that another part's follows stays until it is read.
    if (!problem) shown = shown.filter((one) => one !== latest);
    else shown = [...shown.filter(({ source, message }) => source !== problem.source && message !== problem.message), problem].slice(-MOST);
    latest = problem;
    draw();
  });
  for (const name of ["online", "offline"]) window.addEventListener(name, draw);
  return () => {
    stop();
    stack.remove();
    for (const name of ["online", "offline"]) window.removeEventListener(name, draw);
  };
}

/** @param {Problem} problem @param {() => void} dismiss */
function notice(problem, dismiss) {
  const again = () => {
    dismiss();
    problem.retry?.();
  };
  const { isCalm = false, action = t("shell.tryAgain") } = problem;
  return h("div", { className: `card notice${isCalm ? " is-calm" : ""}`, role: isCalm ? "status" : "alert" },
    icon(isCalm ? "info" : "alert"),
    h("p", { tabIndex: 0 }, problem.message),
    problem.retry && h("button", { type: "button", className: "button", onclick: again }, action),
    iconButton("close", t("shell.dismiss"), dismiss),
  );
}

function offline() {
  if (navigator.onLine) return [];
  return [h("div", { className: "card notice is-calm", role: "status" }, icon("info"), h("p", {}, t("shell.offline")))];
}
