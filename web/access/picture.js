/** Pictures and files of the server for who has signed in: an `<img>` or a link alone would not send the key. */
import { askWell } from "../ask.js";
import { h } from "../lib/dom.js";
import { callerOf } from "./key.js";

const FREE_AFTER_MS = 60_000;

/** Asked for once it is nearly seen, as `loading="lazy"` has it. @param {HTMLImageElement} image @param {string} address */
export function showPicture(image, address) {
  if (!callerOf()) {
    image.src = address;
    return;
  }
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    watcher.disconnect();
    void fetchPicture(image, address);
  }, { rootMargin: "200px" });
  watcher.observe(image);
}

/** @param {HTMLImageElement} image @param {string} address */
async function fetchPicture(image, address) {
  try {
    const href = URL.createObjectURL(await blobOf(address));
    image.addEventListener("load", () => URL.revokeObjectURL(href), { once: true });
    image.src = href;
  } catch {
    image.dispatchEvent(new Event("error"));
  }
}

/** A link to a file that is kept, by whoever may have it. @param {HTMLAnchorElement} link */
export function followByKey(link) {
  link.addEventListener("click", (event) => {
    if (!callerOf() || link.href.startsWith("blob:")) return;
    event.preventDefault();
    void saveFile(link.href, link.download);
  });
}

/** @param {string} address @param {string} name */
async function saveFile(address, name) {
  const href = URL.createObjectURL(await blobOf(address));
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), FREE_AFTER_MS);
}

/** @param {string} address */
const blobOf = async (address) => (await askWell(address)).blob();
