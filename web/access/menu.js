/** The menu of who is signed in; not there on a server that knows no keys. */
import { h } from "../lib/dom.js";
import { formatMoment } from "../lib/moment.js";
import { t } from "../lib/text.js";
import { createMenu, menuItem } from "../shell/menu.js";
import { callerOf, dropKey } from "./key.js";

/** @typedef {import("../types.js").Caller} Caller */

/** @param {import("../types.js").Store} store */
export function userMenu(store) {
  const { button, menu } = createMenu("user", t("access.user"), (close) => {
    const caller = callerOf();
    if (caller) return signedIn(caller, close);
    return [menuItem("user", t("access.signIn"), () => {
      close();
      void openSignIn(null);
    })];
  });
  button.id = "user";
  const stop = store.subscribe(["config"], ({ config }) => {
    button.hidden = !config?.sign_in && !callerOf();
    button.classList.toggle("is-on", callerOf() !== null);
  });
  return { button, menu, stop };
}

/** @param {Caller} caller @param {() => void} close @returns {Node[]} */
function signedIn({ name, roles, scopes, expires }, close) {
  const lines = [roles.length && t("access.roles", { roles: roles.join(", ") }), expires && t("access.expires", { time: formatMoment(expires) })];
  return [
    h("p", { className: "menu-note" }, h("strong", {}, t("access.named", { name })), ...lines.filter(Boolean).map((line) => h("span", {}, /** @type {string} */ (line)))),
    h("hr", { className: "menu-line" }),
    // In a frame of another page one may be led to press what is not seen.
    ...(scopes.includes("admin") && window.top === window ? [menuItem("pulse", t("access.status"), () => {
      close();
      void openStatus();
    })] : []),
    menuItem("leave", t("access.signOut"), signOut),
  ];
}

/** The page begins anew, so that nothing that was read with the key is left in it. */
function signOut() {
  dropKey();
  location.reload();
}

async function openStatus() {
  (await import("../status/window.js")).openStatus();
}

/** @param {string | null} reason why one is asked */
async function openSignIn(reason) {
  (await import("./signin.js")).openSignIn(reason);
}
