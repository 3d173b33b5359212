import assert from "node:assert/strict";
import { test } from "node:test";
import { daysOf, monthPage, typedTime } from "../time/days.js";

test("Steps are gathered by year, month and day.", () => {
  const { years, months, days, unit } = daysOf(["2020-02-29T00:00:00Z", "2020-02-29T12:00:00Z", "2021-01-01T00:00:00Z"]);
  assert.deepEqual([...years], [["2020", ["2020-02"]], ["2021", ["2021-01"]]]);
  assert.deepEqual(months.get("2020-02"), ["2020-02-29"]);
  assert.deepEqual(days.get("2020-02-29"), { first: 0, count: 2 });
  assert.equal(unit, "day");
});

test("Steps a month or a year apart are chosen by months or years.", () => {
  assert.equal(daysOf(["2020-01-16", "2020-02-15", "2021-01-16"]).unit, "month");
  assert.equal(daysOf(["1850-07-01", "1851-07-01"]).unit, "year");
  assert.equal(daysOf(["2020-01-01", "2020-01-02", "2020-02-01"]).unit, "day");
});

test("A month is as long as it is in its own calendar; weekdays are ours alone.", () => {
  assert.deepEqual(monthPage("2024-02", daysOf(["2024-02-03"])), { last: 29, lead: 3 });
  assert.deepEqual(monthPage("2001-02", daysOf(["2001-02-03", "2001-02-30"])), { last: 30, lead: null });
});

test("Years before the common era, and beyond 9999, are years.", () => {
  assert.deepEqual([...daysOf(["-0044-03-15T00:00:00Z", "12024-01-01T00:00:00Z"]).years.keys()], ["-0044", "12024"]);
});

test("Dates are read as people type them.", () => {
  assert.equal(typedTime("2024"), "2024-01-01T00:00:00Z");
  assert.equal(typedTime(" 2024-3-9 "), "2024-03-09T00:00:00Z");
  assert.equal(typedTime("2024-03-09 6:30"), "2024-03-09T06:30:00Z");
  assert.equal(typedTime("9.3.2024, 18:00"), "2024-03-09T18:00:00Z");
  for (const text of ["", "soon", "2024-13-01", "2024-01-01 25:00"]) assert.equal(typedTime(text), null);
});
