/** The server itself: its processes, caches, storages, and what it works with. */
import { h } from "../lib/dom.js";
import { formatAgo, formatBytes, formatCount, formatShare } from "./format.js";
import { badge, redraw, table } from "./table.js";
import { w } from "./words.js";

/** @typedef {import("./admin.js").Status} Status */

/** @param {HTMLElement} element @param {Status} status */
export function showServer(element, status) {
  redraw(element, status, () => [
    facts(status),
    section(w("workers"), workers(status)),
    section(w("storages"), storages(status)),
    section(w("caches"), caches(status)),
    ...(status.services.length ? [section(w("services"), services(status))] : []),
  ]);
}

/** @param {string} title @param {Node} content */
function section(title, content) {
  return h("section", {}, h("h3", {}, title), content);
}

/** @param {Status} status */
function facts({ version, started, time, requests, host }) {
  const rows = /** @type {[string, string | undefined][]} */ ([
    [w("version"), [version, host].filter(Boolean).join(" · ")],
    [w("started"), formatAgo(started, time)],
    [w("requests"), formatCount(requests.total)],
    [w("errors"), formatCount(requests.errors)],
    [w("refused"), requests.refused === undefined ? undefined : formatCount(requests.refused)],
    [w("limited"), requests.limited === undefined ? undefined : formatCount(requests.limited)],
  ]);
  return h("dl", { className: "status-facts" }, ...rows.filter(([, value]) => value !== undefined).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value ?? ""))));
}

/** What is not known is a dash. @param {number | null | undefined} value @param {(value: number) => string} [format] */
const figure = (value, format = formatCount) => (value === null || value === undefined ? null : format(value));

/** @param {Status} status */
function workers({ workers: some, time }) {
  const headings = [w("process"), w("started"), w("requests"), w("inFlight"), w("waiting"), w("memory"), w("openFiles"), w("lag")];
  const rows = some.map(({ pid, worker, started, requests, in_flight, waiting, memory_bytes, open_files, lag_ms }) => ({
    key: String(pid),
    cells: [worker === undefined ? String(pid) : `${worker} (${pid})`, started ? formatAgo(started, time) : null, figure(requests), figure(in_flight), figure(waiting), figure(memory_bytes, formatBytes), figure(open_files), figure(lag_ms, (ms) => `${formatCount(ms)} ms`)],
  }));
  return table(w("workers"), headings, rows, w("none"));
}

/** @param {Status} status */
function storages({ storages: some }) {
  const headings = [w("storage"), w("state"), w("tab.datasets"), w("requests"), w("bytes"), w("errors"), w("latency")];
  const rows = some.map(({ name, trouble, datasets, requests, bytes, errors, latency_ms }) => ({
    key: name,
    cells: [name, trouble ? h("span", {}, badge("error", w("status.trouble")), " ", trouble) : badge("ready", w("status.ready")), figure(datasets), figure(requests), figure(bytes, formatBytes), figure(errors), figure(latency_ms, (ms) => `${formatCount(ms)} ms`)],
  }));
  return table(w("storages"), headings, rows, w("none"));
}

/** @param {Status} status */
function caches({ caches: some }) {
  const rows = some.map(({ name, bytes, limit, items, hits = 0, misses = 0 }) => ({
    key: name,
    cells: [name, bytes === undefined ? null : [bytes, limit].filter((size) => typeof size === "number").map((size) => formatBytes(/** @type {number} */ (size))).join(" / "), figure(items), formatShare(hits, misses), formatCount(hits + misses)],
  }));
  return table(w("caches"), [w("cache"), w("full"), w("items"), w("hitRate"), w("requests")], rows, w("none"));
}

/** @param {Status} status */
function services({ services: some }) {
  const rows = some.map(({ name, status, detail }) => ({ key: name, cells: [name, badge(status === "ready" ? "ready" : "error", w(`status.${status}`)), detail ?? ""] }));
  return table(w("services"), [w("service"), w("state"), ""], rows, w("none"));
}
