/** Which variables the chart shows: the active layer's, or several chosen ones. */
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/text.js";
import { chartable, chartedOf } from "./question.js";

/** @typedef {import("../types.js").Store} Store */

const MOST = 4;

/** @param {Store} store @param {number} [most] */
export function variableChoice(store, most = MOST) {
  const state = store.get();
  const charted = chartedOf(state);
  const all = chartable(state);
  const set = (/** @type {string[]} */ variables) => store.set({ charts: { ...store.get().charts, variables } });
  const keys = charted.map(({ key }) => key);
  const chosen = charted.slice(0, most).map(({ key, variable }, i) => {
    const title = variable.title || variable.id;
    const select = choiceOf(all, key, t("analysis.variable"), (next) => set(keys.map((other, at) => (at === i ? next : other))));
    return h("div", { className: "charted-one" }, select,
      most > 1 && keys.length > 1 && iconButton("close", t("analysis.removeVariable", { title }), () => set(keys.filter((_, at) => at !== i))));
  });
  const rest = all.filter(({ key }) => !keys.includes(key));
  if (!rest.length || keys.length >= most) return chosen;
  const more = choiceOf([{ key: "", title: t("analysis.addVariable"), dataset: "" }, ...rest], "", t("analysis.addVariable"), (next) => next && set([...keys, next]));
  more.classList.add("is-more");
  return [...chosen, more];
}

/** @param {{key: string, title: string, dataset: string}[]} all @param {string} chosen @param {string} label @param {(key: string) => void} onchoose */
function choiceOf(all, chosen, label, onchoose) {
  const datasets = [...new Set(all.map(({ dataset }) => dataset))];
  const options = (/** @type {string} */ dataset) => all.filter((one) => one.dataset === dataset).map(({ key, title }) => h("option", { value: key }, title));
  const select = h("select", { className: "label-select", "aria-label": label, onchange: () => onchoose(select.value) },
    ...datasets.flatMap((dataset) => (dataset && datasets.filter(Boolean).length > 1 ? [h("optgroup", { label: dataset }, ...options(dataset))] : options(dataset))));
  select.value = chosen;
  return select;
}
