/** Runs after Cesium is evaluated: puts back what was hidden from it. */
import { hidden } from "./before.js";

Object.assign(globalThis, hidden);
