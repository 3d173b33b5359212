/** The API reference: what /openapi.json says, to read and to try. */
import { getDatasets, getJson } from "./api.js";
import { h } from "./lib/dom.js";
import { asked, byTag, exampleUrl, exampleValues, typeOf } from "./lib/openapi.js";
import { isDark } from "./shell/theme.js";

/** @typedef {import("./lib/openapi.js").Operation} Operation */
/** @typedef {import("./lib/openapi.js").Parameter} Parameter */

const contents = /** @type {HTMLElement} */ (document.getElementById("contents"));
const reference = /** @type {HTMLElement} */ (document.getElementById("reference"));

async function load() {
  reference.setAttribute("aria-busy", "true");
  try {
    const { signal } = new AbortController();
    const [description, datasets] = await Promise.all([
      getJson("openapi.json", signal),
      getDatasets(signal).catch(() => []), // only to fill in examples
    ]);
    show(description, datasets.find(({ status }) => status === "ready"));
  } catch (error) {
    reference.replaceChildren(
      h("p", { role: "alert" }, `The description cannot be read. ${/** @type {Error} */ (error).message}`),
      h("button", { type: "button", className: "button", onclick: load }, "Try again"),
    );
  }
  reference.removeAttribute("aria-busy");
}

/**
 * @param {import("./lib/openapi.js").Description} description
 * @param {import("./types.js").Summary | undefined} dataset for the examples
 */
function show(description, dataset) {
  const groups = byTag(description);
  const { title, version, summary } = description.info;
  contents.replaceChildren(
    h("a", { className: "home", href: "." }, h("img", { src: "static/favicon.svg", alt: "", width: 24, height: 24 }), title),
    ...groups.map(({ tag, operations }) => h("div", {},
      h("h2", {}, titleOf(tag)),
      ...operations.map((operation) => h("a", { href: `docs#${operation.id}` }, ...breakable(operation.path), operation.method === "GET" ? "" : h("small", {}, operation.method))))),
  );
  reference.replaceChildren(
    h("header", {}, h("h1", {}, "API reference"), h("p", { className: "lead" }, summary ?? ""),
      h("p", { className: "muted" }, `Version ${version} · `, h("a", { href: "openapi.json" }, "OpenAPI 3.1 description"))),
    ...groups.map(({ tag, operations }) =>
      h("section", {}, h("h2", { className: "tag" }, titleOf(tag)), ...operations.map((operation) => showOperation(operation, dataset)))),
  );
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

/** @param {string} tag */
function titleOf(tag) {
  return { wmts: "WMTS", wms: "WMS", ogcapi: "OGC API" }[tag] ?? tag;
}

/** What stands between backticks as code. @param {string} text */
function marked(text) {
  return text.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));
}

/** A path that breaks after its slashes rather than in a word. @param {string} path */
function breakable(path) {
  return path.split(/(?<=\/)/).flatMap((part) => [part, h("wbr")]);
}

/** @param {Operation} operation @param {import("./types.js").Summary | undefined} dataset */
function showOperation(operation, dataset) {
  const { id, method, path, summary, description, parameters, answers, needsKey } = operation;
  return h("article", { id, className: "operation" },
    h("header", { className: "operation-header" },
      h("span", { className: `method is-${method.toLowerCase()}` }, method),
      h("code", {}, path),
      h("a", { className: "anchor", href: `docs#${id}`, "aria-label": `Link to ${method} ${path}` }, "#")),
    h("p", {}, ...marked(description || summary)),
    parameters.length > 0 && parameterTable(parameters),
    operation.body.length > 0 && h("p", { className: "muted" }, "Body: ", ...codes(operation.body)),
    h("p", { className: "muted" }, "Answers: ", ...codes(answers)),
    needsKey && h("p", { className: "muted" }, "Takes a key or token: ", h("code", {}, "Authorization: Bearer …")),
    method === "GET" && !needsKey && tryIt(operation, exampleValues(dataset, path)),
  );
}

/** @param {string[]} names */
function codes(names) {
  return names.flatMap((name, i) => [i ? " " : "", h("code", {}, name)]);
}

/** @param {Parameter[]} parameters */
function parameterTable(parameters) {
  return h("table", {},
    h("thead", {}, h("tr", {}, ...["Parameter", "Type", "Meaning"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...parameters.map(parameterRow)));
}

/** @param {Parameter} parameter */
function parameterRow(parameter) {
  const { name, required, schema = {}, description, example } = parameter;
  const where = parameter.in === "path" ? "in the path" : required ? "required" : "";
  return h("tr", {},
    h("td", {}, h("code", {}, name), where && h("small", {}, where)),
    h("td", {}, typeOf(schema), schema.default !== undefined && h("small", {}, "default ", h("code", {}, String(schema.default)))),
    h("td", {}, ...marked(description ?? ""), example !== undefined && h("small", {}, "for example ", h("code", {}, String(example)))));
}

/**
 * Fields for what has to be given, and the address that results.
 * @param {Operation} operation @param {Record<string, string>} examples
 */
function tryIt(operation, examples) {
  const given = asked(operation);
  const link = h("a", { className: "button", target: "_blank", rel: "noopener" }, "Try it");
  const address = h("code", { className: "address" });
  const inputs = given.map(({ name, example }) =>
    h("input", { className: "field", placeholder: name, "aria-label": name, value: examples[name] ?? String(example ?? ""), oninput: () => update() }));
  const update = () => {
    const values = Object.fromEntries(given.map(({ name }, i) => [name, inputs[i].value.trim()]));
    const url = exampleUrl(operation, values);
    address.textContent = `/${url.text}`;
    link.classList.toggle("is-off", !url.isComplete);
    if (url.isComplete) link.href = url.text || ".";
    else link.removeAttribute("href");
  };
  update();
  return h("div", { className: "try" }, ...inputs, link, address);
}

document.documentElement.dataset.theme = isDark(null) ? "dark" : "light";
load();
