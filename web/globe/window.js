/** The globe's window: larger than the page, so that its middle is that of what no panel covers. */
import { h } from "../lib/dom.js";
import { coveredSides } from "../shell/room.js";

/**
 * @param {HTMLElement} element
 * @returns {{frame: HTMLElement, covered: () => {left: number, top: number, right: number, bottom: number}, stop: () => void}}
 *   `covered` of the frame: by panels, and by lying outside the page
 */
export function mountWindow(element) {
  const frame = h("div", { className: "globe-window" });
  element.append(frame);
  const lay = () => {
    const { left, top, right, bottom } = coveredSides();
    const [beside, below] = [left - right, bottom - top];
    Object.assign(frame.style, {
      left: `${Math.min(0, beside)}px`, right: `${-Math.max(0, beside)}px`,
      top: `${-Math.max(0, below)}px`, bottom: `${Math.min(0, below)}px`,
    });
  };
  lay();
  const observer = new ResizeObserver(lay);
  for (const part of [element, ...document.querySelectorAll("#timebar, #panel, #analysis")]) observer.observe(part);
  return {
    frame,
    covered() {
      const { left, top, right, bottom } = coveredSides();
      const [across, down] = [Math.max(left, right), Math.max(top, bottom)];
      return { left: across, right: across, top: down, bottom: down };
    },
    stop() {
      observer.disconnect();
      frame.remove();
    },
  };
}
