/** Code to paste: it names what is shown, and nothing in a dataset's words can break out of it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { snippetsOf } from "../data/code.js";
import { PLAIN } from "../lib/layers.js";
import { INITIAL } from "../store.js";
import { detail } from "./example.js";

const BASE = "https://maps.example/cubes/";
const layer = { ...PLAIN, id: "1", dataset: detail.id, variable: "air", dims: { level: "850" } };

/** @param {Partial<import("../types.js").Detail>} [patch] @returns {Record<string, string>} */
function code(patch = {}) {
  const shown = { ...INITIAL, layers: [layer], active: "1", details: { [detail.id]: { ...detail, ...patch } } };
  return Object.fromEntries(snippetsOf(shown, BASE).map(({ id, code: text }) => [id, text]));
}

test("Each names the server, the layer, and the step of every dimension.", () => {
  for (const [id, text] of Object.entries(code())) {
    assert.ok(text.includes(BASE), id);
    assert.ok(text.includes("850"), id);
  }
  assert.match(code().leaflet, /\{z\}\/\{x\}\/\{y\}\.png/);
});

test("Nothing is told while nothing is shown.", () => {
  assert.deepEqual(snippetsOf(INITIAL, BASE), []);
});

test("A title or an attribution with quotes, lines and HTML stays a string.", () => {
  const odd = code({ title: 'A "b"\nimport os', attribution: '</script><img src=x onerror="run()">' });
  assert.doesNotMatch(odd.python, /^import os/m);
  assert.doesNotMatch(odd.leaflet, /<img|<\/script>/);
  let given = null;
  const tileLayer = (/** @type {string} */ _url, /** @type {any} */ options) => ((given = options.attribution), { addTo: () => {} });
  new Function("L", "map", odd.leaflet)({ tileLayer }, {});
  assert.match(String(given), /^&#60;/);
});

test("What a shell would take for a command is one word to it.", () => {
  const { curl } = code();
  const said = execFileSync("sh", ["-c", curl.replaceAll("curl ", "printf '%s\\n' ")], { encoding: "utf8" });
  assert.match(said, /^https:\/\/maps\.example\/cubes\/point\//);
});
