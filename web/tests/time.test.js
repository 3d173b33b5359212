import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTime, hasClock, nearestIndex, parseTime } from "../lib/time.js";
import { timeMarks } from "../time/marks.js";

const DAYS = Array.from({ length: 800 }, (_, i) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().replace(".000", ""));

test("Times are read as the platform reads them.", () => {
  for (const time of ["2021-03-02T14:30:00Z", "1969-12-31T23:59:59Z", "2024-02-29"]) {
    assert.equal(parseTime(time), Date.parse(time));
  }
});

test("The first century is not the twentieth.", () => {
  assert.equal(new Date(parseTime("0050-01-01T00:00:00Z")).getUTCFullYear(), 50);
});

test("A day of another calendar stays before the next month, and is shown as it is.", () => {
  const days = ["2001-02-28", "2001-02-29", "2001-02-30", "2001-03-01"].map((day) => parseTime(`${day}T00:00:00Z`));
  assert.deepEqual(days, days.toSorted((a, b) => a - b));
  assert.equal(new Set(days).size, days.length);
  assert.equal(formatTime("2001-02-30T00:00:00Z"), "30 Feb 2001");
});

test("A typical year has no number.", () => {
  assert.equal(formatTime("0001-03-16T00:00:00Z"), "16 Mar");
  assert.equal(formatTime("0002-03-16T00:00:00Z"), "16 Mar 2");
  assert.deepEqual(timeMarks(parseTime("0001-01-01"), parseTime("0001-12-31"), 4).map(({ label }) => label)[1], "Apr");
});

test("Text that is no time is NaN, and shown as it is.", () => {
  assert.ok(Number.isNaN(parseTime("latest")));
  assert.equal(formatTime("latest"), "latest");
});

test("The clock is shown where asked.", () => {
  assert.equal(formatTime("2021-03-02T04:05:00Z", true), "2 Mar 2021, 04:05");
});

test("The clock is worth showing where hours differ.", () => {
  assert.equal(hasClock(["2021-01-01T12:00:00Z", "2021-01-02T12:00:00Z"]), false);
  assert.equal(hasClock(["2021-01-01T00:00:00Z", "2021-01-01T06:00:00Z"]), true);
});

test("The nearest step is found; none is the last.", () => {
  assert.equal(nearestIndex(DAYS, DAYS[7]), 7);
  assert.equal(nearestIndex(DAYS, "2020-01-03T13:00:00Z"), 3);
  assert.equal(nearestIndex(DAYS, "1900-01-01"), 0);
  assert.equal(nearestIndex(DAYS, null), 799);
  assert.equal(nearestIndex(DAYS, "nonsense"), 799);
});

test("The nearest step of a hundred thousand is found at once, as by looking at all.", () => {
  const hours = Array.from({ length: 100_000 }, (_, i) => new Date(Date.UTC(2000, 0, 1, i)).toISOString().replace(".000", ""));
  for (const index of [0, 1, 4711, 99_999]) assert.equal(nearestIndex(hours, hours[index]), index);
  assert.equal(nearestIndex(hours, "2000-01-01T01:29:00Z"), 1);
  assert.equal(nearestIndex(hours, "2000-01-01T01:31:00Z"), 2);
});

test("Days that our calendar lacks are told apart from those that they land on.", () => {
  const days = ["2001-02-28T00:00:00Z", "2001-02-29T00:00:00Z", "2001-02-30T00:00:00Z", "2001-03-01T00:00:00Z", "2001-03-02T00:00:00Z"];
  assert.deepEqual(days.map((day) => nearestIndex(days, day)).filter((index, i) => index !== i).length, 0);
});

const at = (/** @type {string} */ from, /** @type {string} */ to, /** @type {number} */ most) => timeMarks(Date.parse(from), Date.parse(to), most);

test("Marks are beginnings of what suits the span, and no more than asked.", () => {
  const spans = [["2021-01-01T00:00Z", "2021-01-01T02:10Z"], ["2021-01-01", "2021-01-06"], ["2021-01-10", "2021-03-20"], ["2020-06-01", "2024-05-01"],
    ["1850-01-01", "2100-01-01"], ["0001-01-01", "2020-01-01"]];
  for (const [from, to] of spans) {
    for (const most of [2, 5, 12]) {
      const marks = at(from, to, most);
      // Of short labels, such as years, there is room for more.
      assert.ok(marks.length <= most / 0.55 + 1 && marks.length > 0, `${from} ${to} ${most}: ${marks.length}`);
      assert.ok(marks.every((mark, i) => i === 0 || mark.at > marks[i - 1].at));
    }
  }
  assert.deepEqual(at("2021-01-01T00:00Z", "2021-01-01T06:00Z", 4).map(({ label }) => label), ["1 Jan", "02:00", "04:00", "06:00"]);
  assert.deepEqual(at("2010-01-01", "2020-01-01", 2).map(({ label }) => label), ["2010", "2015", "2020"]);
  assert.deepEqual(at("2021-02-10", "2021-07-01", 6).map(({ label }) => label), ["Mar 2021", "Apr 2021", "May 2021", "Jun 2021", "Jul 2021"]);
});
