/** The colours that raw tiles are painted with, for all who paint: as `colour/` makes them. */
export { isMissing, rampsOf, tables } from "../colour/tables.js";

/** @typedef {import("../colour/ramp.js").Ramp} Ramp */
