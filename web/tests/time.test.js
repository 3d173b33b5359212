import assert from "node:assert/strict";
import { test } from "node:test";
import { axisMarks, formatTime, hasClock, nearestIndex, parseTime } from "../lib/time.js";

const DAYS = Array.from({ length: 800 }, (_, i) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().replace(".000", ""));

test("Times are read as the platform reads them.", () => {
  for (const time of ["2021-03-02T14:30:00Z", "1969-12-31T23:59:59Z", "2024-02-29"]) {
    assert.equal(parseTime(time), Date.parse(time));
  }
});

test("The first century is not the twentieth.", () => {
  assert.equal(new Date(parseTime("0050-01-01T00:00:00Z")).getUTCFullYear(), 50);
});

test("A day of another calendar lands close by, and is shown as it is.", () => {
  assert.equal(parseTime("2001-02-30T00:00:00Z"), Date.UTC(2001, 2, 2));
  assert.equal(formatTime("2001-02-30T00:00:00Z"), "30 Feb 2001");
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

test("Marks are at the first steps of months, and no more than asked.", () => {
  const marks = axisMarks(DAYS, 10);
  assert.ok(marks.length <= 10);
  assert.deepEqual(marks[0], { index: 0, label: "Jan 2020" });
  for (const { index } of marks) assert.equal(DAYS[index].slice(8, 10), "01");
});

test("Marks of hours are clocks, of a decade years.", () => {
  assert.deepEqual(axisMarks(["2021-01-01T00:00:00Z", "2021-01-01T06:00:00Z"], 5).map(({ label }) => label), ["00:00", "06:00"]);
  assert.deepEqual(axisMarks(["2010-01-01T00:00:00Z", "2020-01-01T00:00:00Z"], 5).map(({ label }) => label), ["2010", "2020"]);
});

test("An axis without steps has no marks.", () => {
  assert.deepEqual(axisMarks([], 5), []);
});
