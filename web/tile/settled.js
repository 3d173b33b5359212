/** Tells the page whether all that its views show is drawn, as `data-settled` of the body. */

/** @type {Map<object, boolean>} */
const views = new Map();

/**
 * @param {object} view who says so
 * @param {boolean | null} isSettled null: the view is not shown, and has no say
 */
export function reportSettled(view, isSettled) {
  if (isSettled === null) views.delete(view);
  else views.set(view, isSettled);
  document.body.dataset.settled = String(views.size > 0 && [...views.values()].every(Boolean));
}
