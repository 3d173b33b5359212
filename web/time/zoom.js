/** A closer look at a part of time: by the wheel, two fingers, buttons; a double click shows all again. */

/** @typedef {import("./axis.js").Span} Span */

const PER_NOTCH = 0.002; // of a wheel's pixels: how fast it comes closer
const CLOSEST = 1 / 5000; // of the whole axis

/**
 * @param {HTMLElement} element @param {() => {whole: Span, shown: Span}} spans
 * @param {(span: Span | null) => void} look null for all
 * @param {() => number} middle the place, 0 to 1, that stays where buttons are pressed: the event `time:look` has a factor
 * @returns {() => void} stop
 */
export function followWheel(element, spans, look, middle) {
  const controller = new AbortController();
  const { signal } = controller;
  /** Where the last two fingers were. @type {Map<number, number>} */
  const fingers = new Map();
  const place = (/** @type {number} */ x) => {
    const { left, width } = element.getBoundingClientRect();
    return (x - left) / width;
  };
  const apply = (/** @type {number} */ factor, /** @type {number} */ about, /** @type {number} */ shift) => {
    const { whole, shown } = spans();
    look(closerSpan(whole, shown, factor, about, shift));
  };
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (isSideways) apply(1, 0.5, event.deltaX / element.clientWidth);
    else apply(Math.exp(event.deltaY * PER_NOTCH), place(event.clientX), 0);
  }, { signal, passive: false });
  element.addEventListener("dblclick", () => look(null), { signal });
  element.addEventListener("time:look", (event) => {
    const factor = /** @type {CustomEvent<number>} */ (event).detail;
    apply(factor, middle(), 0);
  }, { signal });
  element.addEventListener("pointerdown", ({ pointerId, clientX, pointerType }) => {
    if (pointerType === "touch") fingers.set(pointerId, place(clientX));
  }, { signal });
  element.addEventListener("pointermove", ({ pointerId, clientX }) => {
    const other = [...fingers].find(([id]) => id !== pointerId)?.[1];
    const before = fingers.get(pointerId);
    if (other === undefined || before === undefined) return;
    const now = place(clientX);
    const [was, is] = [Math.abs(before - other), Math.abs(now - other)];
    fingers.set(pointerId, now);
    if (was > 0.01 && is > 0.01) apply(was / is, other, 0);
  }, { signal });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    element.addEventListener(name, (event) => fingers.delete(/** @type {PointerEvent} */ (event).pointerId), { signal });
  }
  return () => controller.abort();
}

/**
 * The span that is shown next, within the whole; null for all of it.
 * @param {Span} whole @param {Span} shown @param {number} factor below 1 is closer
 * @param {number} about the place that stays, 0 to 1 @param {number} shift to later, in lengths of the span
 * @returns {Span | null}
 */
export function closerSpan(whole, shown, factor, about, shift) {
  const total = whole.to - whole.from;
  const length = Math.min(total, Math.max(total * CLOSEST, (shown.to - shown.from) * factor));
  const fixed = shown.from + (shown.to - shown.from) * about;
  const from = Math.min(whole.to - length, Math.max(whole.from, fixed - length * about + shift * length));
  return length >= total ? null : { from, to: from + length };
}

/**
 * A closer look, moved so that a moment is in it.
 * @param {Span} shown @param {number} at
 * @returns {Span}
 */
export function followed(shown, at) {
  const length = shown.to - shown.from;
  if (at >= shown.from && at <= shown.to) return shown;
  const from = at > shown.to ? at - length * 0.1 : at - length * 0.9;
  return { from, to: from + length };
}
