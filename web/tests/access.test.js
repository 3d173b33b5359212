/** Signing in: what is sent, to whom, and what nothing tells. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { callerOf, credentials, dropKey, holdKey } from "../access/key.js";
import { EventReader } from "../lib/eventstream.js";

const WEB = new URL("../", import.meta.url);
const caller = { name: "anna", roles: ["staff"], scopes: ["read"] };

test("a key is sent while it is held, as a bearer's", () => {
  assert.deepEqual(credentials(), {});
  holdKey("ts_a_b", caller);
  assert.deepEqual([credentials(), callerOf()], [{ Authorization: "Bearer ts_a_b" }, caller]);
  assert.deepEqual(credentials("other"), { Authorization: "Bearer other" });
  assert.deepEqual(credentials(""), {});
  dropKey();
  assert.deepEqual([credentials(), callerOf()], [{}, null]);
});

test("nothing but ask.js asks the server for data: nothing forgets the key", () => {
  const folders = readdirSync(WEB, { withFileTypes: true }).filter((one) => one.isDirectory() && !["node_modules", "vendor", "tests", "scripts"].includes(one.name));
  const files = ["", ...folders.map(({ name }) => `${name}/`)].flatMap((folder) => readdirSync(new URL(folder || ".", WEB)).filter((name) => name.endsWith(".js")).map((name) => folder + name));
  const asking = files.flatMap((name) => [...readFileSync(new URL(name, WEB), "utf8").matchAll(/(?<![.#\w])(?:fetch\(|new EventSource|new XMLHttpRequest|sendBeacon)[^;]{0,60}/g)].map(([call]) => `${name}: ${call}`));
  // Files of the viewer's own need no key; `EventSource` is for who has none.
  const others = asking.filter((call) => !call.startsWith("ask.js: fetch(") && !call.includes("vendor/basemap"));
  assert.deepEqual(others, ["listen.js: new EventSource(new URL(address, document.baseURI))"]);
  assert.equal(asking.length, 4);
});

test("events come out of any pieces", () => {
  const text = "retry: 500\n\n: here\n\nid: a\nevent: ready\ndata: {\"x\":\ndata: 1}\n\nid: b\r\ndata: two\r\n\r\n";
  const expected = [{ kind: "ready", data: '{"x":\n1}' }, { kind: "message", data: "two" }];
  for (const size of [1, 2, 3, 7, 1000]) {
    const reader = new EventReader();
    const events = [];
    for (let at = 0; at < text.length; at += size) events.push(...reader.read(text.slice(at, at + size)));
    assert.deepEqual(events, expected, `pieces of ${size}`);
    assert.deepEqual([reader.id, reader.retry], ["b", 500]);
  }
});

test("what was half told when a connection is lost is no event", () => {
  const reader = new EventReader();
  reader.read("id: a\ndata: ha");
  reader.begin();
  assert.deepEqual(reader.read("data: whole\n\n"), [{ kind: "message", data: "whole" }]);
});
