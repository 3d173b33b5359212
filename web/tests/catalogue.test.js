/** Looking through the catalogue: words, groups, pictures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupsOf, matching, thumbnailAddress } from "../data/catalogue.js";

/** @typedef {import("../types.js").Summary} Summary */

/** @param {Partial<Summary>} patch @returns {Summary} */
const dataset = (patch) => ({ id: "a", title: "A", bbox: null, time: null, variables: [], status: "ready", ...patch });
const SST = dataset({ id: "sst", title: "Sea surface", theme: "Ocean/Surface", keywords: ["temperature"], variables: ["sst"], bbox: [-180, -90, 180, 90] });
const ICE = dataset({ id: "ice", title: "Sea ice", theme: "Ocean", variables: ["thickness"] });
const LAND = dataset({ id: "land", title: "Land", theme: "Land" });
const BARE = dataset({ id: "bare", title: "Without a theme" });

test("Every word has to be found, in whatever is known of a dataset.", () => {
  const ids = (/** @type {string} */ wanted) => matching([SST, ICE, LAND, BARE], wanted).map(({ id }) => id);
  assert.deepEqual(ids("sea"), ["sst", "ice"]);
  assert.deepEqual(ids("SEA temp"), ["sst"]);
  assert.deepEqual(ids("thickness ocean"), ["ice"]);
  assert.deepEqual(ids("  "), ["sst", "ice", "land", "bare"]);
  assert.deepEqual(ids("mars"), []);
});

test("Groups are by the first part of the theme, in the catalogue's order; without one last.", () => {
  const groups = groupsOf([BARE, SST, LAND, ICE]).map(({ theme, datasets }) => [theme, datasets.map(({ id }) => id)]);
  assert.deepEqual(groups, [["Ocean", ["sst", "ice"]], ["Land", ["land"]], [null, ["bare"]]]);
});

test("A picture is of the square in the middle, also across 180°.", () => {
  const box = (/** @type {Summary} */ of) => new URLSearchParams(thumbnailAddress(of, 88)?.split("?")[1]).get("bbox")?.split(",").map(Number);
  assert.deepEqual(box(SST), [-90, -90, 90, 90]);
  assert.deepEqual(box({ ...SST, bbox: [170, -10, -170, 10] }), [170, -10, 190, 10]);
  assert.equal(thumbnailAddress(ICE, 88), null);
});
