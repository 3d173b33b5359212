import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, byTag, exampleUrl, exampleValues, typeOf } from "../lib/openapi.js";

const PATHS = {
  "/": { get: { tags: ["pages"], responses: { 200: { content: { "text/html": {} } } } } },
  "/point/{dataset}": {
    get: {
      tags: ["values"],
      operationId: "point",
      summary: "One value",
      parameters: [
        { name: "dataset", in: "path", required: true },
        { name: "lon", in: "query", required: true },
        { name: "time", in: "query" },
      ],
      responses: { 200: { content: { "application/json": {} } }, default: { content: { "application/problem+json": {} } } },
    },
  },
};
const DESCRIPTION = { info: { title: "t", version: "1" }, paths: PATHS };

test("Operations are grouped by tag, pages last.", () => {
  assert.deepEqual(byTag(DESCRIPTION).map(({ tag }) => tag), ["values", "pages"]);
});

test("What is not open to anybody needs a key.", () => {
  const needs = (/** @type {object[] | undefined} */ security) => byTag({ ...DESCRIPTION, paths: { "/": { get: { security, responses: {} } } } })[0].operations[0].needsKey;
  assert.deepEqual([undefined, [], [{}, { bearer: [] }], [{ bearer: ["admin"] }]].map(needs), [false, false, false, true]);
});

test("An operation knows what it answers with.", () => {
  assert.deepEqual(byTag(DESCRIPTION)[0].operations[0].answers, ["application/json"]);
});

test("Types are told with their choices and limits.", () => {
  assert.equal(typeOf({ type: "integer", minimum: 1, maximum: 9 }), "integer, 1 to 9");
  assert.equal(typeOf({ type: "string", enum: ["png", "webp"] }), "png | webp");
  assert.equal(typeOf({ type: ["number", "null"] }), "number");
  assert.equal(typeOf({ anyOf: [{ type: "string" }, { type: "integer" }] }), "string or integer");
});

test("An address is complete when the path and all that is required are given.", () => {
  const [{ operations: [operation] }] = byTag(DESCRIPTION);
  assert.deepEqual(exampleUrl(operation, { dataset: "a b" }), { text: "point/a%20b", isComplete: false });
  assert.deepEqual(exampleUrl(operation, { dataset: "a", lon: "1" }), { text: "point/a?lon=1", isComplete: true });
});

test("Examples are of a dataset that is there.", () => {
  const dataset = /** @type {any} */ ({ id: "ocean", variables: ["sst"], bbox: [-20, 0, 20, 10], time: null });
  const values = exampleValues(dataset, "/legend/{dataset}/{last}");
  assert.equal(exampleUrl({ path: "/legend/{dataset}/{last}", parameters: [] }, values).text, "legend/ocean/sst.png");
  const [{ operations: [operation] }] = byTag(DESCRIPTION);
  assert.deepEqual(asked(operation).map(({ name }) => name), ["dataset", "lon"]);
  assert.equal(exampleUrl(operation, values).text, "point/ocean?lon=0.00");
});

test("A first try of a KVP route asks for capabilities.", () => {
  const parameters = ["SERVICE", "REQUEST", "LAYERS"].map((name) => ({ name, in: "query" }));
  const given = asked({ parameters }).map(({ name }) => name);
  assert.deepEqual(given, ["SERVICE", "REQUEST"]);
  const values = exampleValues(undefined, "/wms");
  assert.deepEqual(given.map((name) => values[name]), ["WMS", "GetCapabilities"]);
  assert.equal(exampleValues(undefined, "/wmts/{dataset}").service, "WMTS");
});
