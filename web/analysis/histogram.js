/** A histogram as bars; each says its share. */
import { h } from "../lib/dom.js";
import { formatValue } from "../lib/number.js";
import { getLanguage, t } from "../lib/text.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 100;

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Node} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @param {{counts: number[], edges: number[]}} histogram @param {string} units */
export function histogram({ counts, edges }, units) {
  const [all, most] = [counts.reduce((sum, count) => sum + count, 0), Math.max(...counts, 1)];
  const [low, high] = [edges[0], edges[edges.length - 1]].map(formatValue);
  const bars = counts.map((count, i) => {
    const height = (HEIGHT * count) / most;
    const tip = document.createElementNS(SVG, "title");
    tip.textContent = t("analysis.share", { low: formatValue(edges[i]), high: formatValue(edges[i + 1]), share: formatValue(Number(((100 * count) / all).toPrecision(2))) });
    // The space above a bar tells of it as well.
    return svg("g", { class: "bar" }, svg("rect", { class: "bar-space", x: i, y: 0, width: 1, height: HEIGHT }), svg("rect", { x: i + 0.06, y: HEIGHT - height, width: 0.88, height }), tip);
  });
  const label = t("analysis.histogram", { count: all.toLocaleString(getLanguage()), low, high });
  return h("figure", { className: "area-histogram" },
    svg("svg", { viewBox: `0 0 ${counts.length} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...bars),
    h("figcaption", {}, h("span", {}, low), h("span", {}, units), h("span", {}, high)));
}
