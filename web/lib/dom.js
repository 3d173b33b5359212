/** Elements without HTML text: what a dataset says is only ever inserted as text. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [props] `class`, `on…` listeners, properties; others are attributes
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name !== "list" && name in element) Reflect.set(element, name, value);
    else element.setAttribute(name === "className" ? "class" : name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Outlines on a 24 x 24 grid. */
const ICONS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 6v12M15.5 6v12",
  previous: "M14.5 6.5 9 12l5.5 5.5",
  next: "M9.5 6.5 15 12l-5.5 5.5",
  plus: "M12 5.5v13M5.5 12h13",
  minus: "M5.5 12h13",
  close: "m7 7 10 10M17 7 7 17",
  fit: "M5 9V5h4M15 5h4v4M19 15v4h-4M9 19H5v-4",
  theme: "M12 4a8 8 0 1 0 8 8 6.2 6.2 0 0 1-8-8",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  copy: "M9 9h9.5v9.5H9zM15 5.5H5.5V15",
  book: "M5 5.5h5a2 2 0 0 1 2 2V19a2 2 0 0 0-2-1.5H5zM19 5.5h-5a2 2 0 0 0-2 2V19a2 2 0 0 1 2-1.5h5z",
  chevron: "m7 10 5 5 5-5",
  download: "M12 5v9m-4-3.5 4 4 4-4M6 18.5h12",
  range: "M4 6v12M20 6v12M7.5 12h9M10 9l-3 3 3 3M14 9l3 3-3 3",
  reset: "M6 8.5A7 7 0 1 1 5 12M6 4.5v4h4",
  reverse: "M5 9h13l-3.5-3.5M19 15H6l3.5 3.5",
  alert: "M12 8v5m0 3v.2M12 3.8 21 19.5H3z",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const outline = document.createElementNS(SVG, "path");
  outline.setAttribute("d", ICONS[name]);
  svg.append(outline);
  return svg;
}

/**
 * A button that is an icon; its label is read and shown as a tip.
 * @param {keyof typeof ICONS} name @param {string} label @param {(event: MouseEvent) => void} onclick
 */
export function iconButton(name, label, onclick) {
  return h("button", { type: "button", className: "icon-button", title: label, "aria-label": label, onclick }, icon(name));
}

/** Text as HTML that shows it, for the one place where Leaflet takes no element. @param {string} text */
export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
