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
  calendar: "M5 6.5h14v13H5zM5 10.5h14M9 4.5v4M15 4.5v4",
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
  map: "m4 6.5 5-2 6 2 5-2v13l-5 2-6-2-5 2zM9 4.5v13M15 6.5v13",
  globe: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M4 12h16M12 4c2.4 2.3 3.6 5 3.6 8s-1.2 5.7-3.6 8c-2.4-2.3-3.6-5-3.6-8s1.2-5.7 3.6-8",
  cube: "m12 3.8 7 3.9v8.6l-7 3.9-7-3.9V7.7zM5 7.7l7 3.9 7-3.9M12 11.6v8.6",
  compare: "M4.5 6h15v12h-15zM12 3.5v17M7.2 12H9M15 12h1.8",
  draw: "m5 19 .8-3.6L16 5.2a1.4 1.4 0 0 1 2 0l.8.8a1.4 1.4 0 0 1 0 2L8.6 18.2zM14 7.2l2.8 2.8",
  point: "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M12 3.5v2.5M12 18v2.5M3.5 12H6M18 12h2.5",
  rectangle: "M5 7h14v10H5z",
  circle: "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14M12 12h.1",
  trash: "M5.5 7.5h13M9.5 7V5h5v2M7.5 7.5l.8 11.5h7.4l.8-11.5M10.5 11v5M13.5 11v5",
  polygon: "m6 8.5 7-3.5 5.5 6-3 7.5H8z",
  settings: "M4.5 7H13M17 7h2.5M4.5 17H7M11 17h8.5M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4M9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
  share: "M12 14V4.5M8.5 8 12 4.5 15.5 8M6 11.5V19h12v-7.5",
  keyboard: "M4 7h16v10H4zM7.5 10.4h.1M11 10.4h.1M14.5 10.4h.1M8.5 13.7h7",
  info: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 11v5m0-8v.2",
  layers: "m12 4 7.5 4L12 12 4.5 8zM4.5 12l7.5 4 7.5-4M4.5 16l7.5 4 7.5-4",
  sidebar: "M4.5 5.5h15v13h-15zM9.5 5.5v13",
  check: "m5.5 12.5 4 4 9-9",
  more: "M6 12h.1M12 12h.1M18 12h.1",
  external: "M10 6H6v12h12v-4M13 5.5h5.5V11M18.5 5.5 11 13",
  user: "M12 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M5 19.5c.4-3.6 3.2-5.5 7-5.5s6.6 1.9 7 5.5",
  pulse: "M3.5 12h4l2.5-6 4 12 2.5-6h4",
  leave: "M10 5H5.5v14H10M13.5 8l4 4-4 4M17.5 12H9",
  north: "m12 4 5.5 15-5.5-3.5L6.5 19zM12 4v11.5",
  eye: "M3.5 12S6.5 6.5 12 6.5 20.5 12 20.5 12 17.5 17.5 12 17.5 3.5 12 3.5 12M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  eyeOff: "M4.5 4.5l15 15M9.5 7A8 8 0 0 1 12 6.5c5.5 0 8.5 5.5 8.5 5.5a15 15 0 0 1-2.3 2.9M6.3 8.5A14 14 0 0 0 3.5 12s3 5.5 8.5 5.5a8 8 0 0 0 3.3-.7",
  grip: "M9 7h.1M15 7h.1M9 12h.1M15 12h.1M9 17h.1M15 17h.1",
  function: "M15.5 5.5c-2-.9-3.3.1-3.7 2.200L9.800 17c-.4 2-1.7 2.7-3.3 1.800M8 10.5h6.5M14.5 13l4 5M18.5 13l-4 5",
  line: "m4.5 17.5 6-7 4 3.5 5-7.5",
  image: "M4.5 5.5h15v13h-15zM4.5 16l4.5-4.5 3.5 3.5 2.5-2.5 4.5 4.5M15.5 9.5h.1",
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
