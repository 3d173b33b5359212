import assert from "node:assert/strict";
import { test } from "node:test";
import { setLanguage } from "../lib/text.js";
import { formatPlace, formatUnits, formatValue, plural, wrapLongitude } from "../lib/number.js";

test("Values keep the digits that matter.", () => {
  const shown = [21.4567, -0.5, 0.04171, 1013.4, 250000, 1.5e9, 2e-7, 0].map(formatValue);
  assert.deepEqual(shown, ["21.46", "−0.5", "0.0417", "1013", "250000", "1.50e+9", "2.00e-7", "0"]);
});

test("No value is a dash.", () => {
  assert.deepEqual([null, undefined, NaN].map(formatValue), ["–", "–", "–"]);
});

test("Places have hemispheres, not signs.", () => {
  assert.equal(formatPlace(-43.214, -12.456), "43.21° S, 12.46° W");
});

test("German numbers have commas, and its east is Ost.", () => {
  setLanguage("de");
  try {
    assert.deepEqual([21.4567, -0.5, 2e-7].map(formatValue), ["21,46", "−0,5", "2,00e-7"]);
    assert.equal(formatPlace(43.214, 12.456), "43,21° N, 12,46° O");
  } finally {
    setLanguage("en");
  }
});

test("Longitudes of other turns of the map come home.", () => {
  assert.deepEqual([190, -190, 540, 0, 359].map(wrapLongitude), [-170, 170, -180, 0, -1]);
});

test("Units are printed as on paper.", () => {
  const shown = ["degC", "degree_Celsius", "celsius", "m s-1", "mg m-3", "1", null, "K", "W m-2", "10^-3 kg m-2 s-1", "1e-3", "m^2"].map(formatUnits);
  assert.deepEqual(shown, ["°C", "°C", "°C", "m s⁻¹", "mg m⁻³", "", "", "K", "W m⁻²", "10⁻³ kg m⁻² s⁻¹", "10⁻³", "m²"]);
});

test("One step, two steps.", () => {
  assert.deepEqual([plural(1, "step"), plural(2, "step"), plural(1200, "step")], ["1 step", "2 steps", "1,200 steps"]);
});
