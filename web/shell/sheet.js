/**
 * On a narrow window a panel is a sheet at the bottom, dragged by its grip: a peek, half, or nearly all
 * of the window.
 */
import { h } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { isNarrow } from "./room.js";

/** @typedef {"peek" | "half" | "full"} Snap */

const TOP_ROOM = 176; // pixels that no sheet takes: tools, some map, and the bar of time
const FLING = 0.4; // pixels a millisecond from which a drag goes on by itself
const FLING_MS = 80; // a finger that rests longer before it lifts flings nothing

/**
 * @param {HTMLElement} element
 * @returns {{raise: () => void, lower: () => void, stop: () => void}}
 */
export function mountSheet(element) {
  const grip = h("button", { type: "button", className: "sheet-grip" });
  element.prepend(grip);
  const snapTo = (/** @type {Snap} */ snap) => {
    element.dataset.snap = snap;
    element.style.removeProperty("height");
    const label = t(snap === "peek" ? "shell.expand" : "shell.collapse");
    grip.setAttribute("aria-label", label);
    grip.setAttribute("aria-expanded", String(snap !== "peek"));
  };
  snapTo("peek");
  grip.addEventListener("click", (event) => {
    // A drag ends with a click too: only keys and taps toggle.
    if (event.detail === 0 || !dragged.moved) snapTo(element.dataset.snap === "peek" ? "half" : "peek");
  });
  const dragged = followDrag(element, grip, snapTo);
  return {
    raise: () => isNarrow() && element.dataset.snap === "peek" && snapTo("half"),
    lower: () => snapTo("peek"),
    stop: () => grip.remove(),
  };
}

/** The grip, and all of a sheet that is only peeking, drag it. @param {HTMLElement} element @param {HTMLElement} grip @param {(snap: Snap) => void} snapTo */
function followDrag(element, grip, snapTo) {
  const drag = { moved: false };
  let [startY, startHeight, lastY, lastAt, speed] = [0, 0, 0, 0, 0];
  const move = (/** @type {PointerEvent} */ event) => {
    drag.moved ||= Math.abs(event.clientY - startY) > 6;
    if (!drag.moved) return;
    const elapsed = Math.max(1, event.timeStamp - lastAt);
    speed = (lastY - event.clientY) / elapsed;
    [lastY, lastAt] = [event.clientY, event.timeStamp];
    element.classList.add("is-dragged");
    element.style.height = `${Math.max(48, Math.min(innerHeight - TOP_ROOM, startHeight + startY - event.clientY))}px`;
  };
  const end = (/** @type {PointerEvent} */ { timeStamp }) => {
    grip.removeEventListener("pointermove", move);
    element.classList.remove("is-dragged");
    const isFlung = timeStamp - lastAt < FLING_MS;
    if (drag.moved) snapTo(nearestSnap(element.offsetHeight, isFlung ? speed : 0));
  };
  grip.addEventListener("pointerdown", (event) => {
    if (!isNarrow()) return;
    [startY, startHeight, lastY, lastAt, speed] = [event.clientY, element.offsetHeight, event.clientY, event.timeStamp, 0];
    drag.moved = false;
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener("pointermove", move);
  });
  grip.addEventListener("pointerup", end);
  grip.addEventListener("pointercancel", end);
  return drag;
}

/** @param {number} height @param {number} speed upwards @returns {Snap} */
function nearestSnap(height, speed) {
  const share = height / (innerHeight - TOP_ROOM);
  if (speed > FLING) return share > 0.5 ? "full" : "half";
  if (speed < -FLING) return share > 0.75 ? "half" : "peek";
  return share > 0.78 ? "full" : share > 0.33 ? "half" : "peek";
}
