/** Cesium, evaluated under our pages' policy. Modules are evaluated in this order, with nothing in between. */
import "./before.js";
export * from "../vendor/cesium/index.js";
import "./after.js";
