/**
 * Runs before Cesium is evaluated. Parts of it that a globe of tiles never uses (Knockout, decoders of meshes)
 * would call `eval` and compile WebAssembly at once, which the policy of our pages forbids. They go on without.
 */

/** What is hidden while Cesium is evaluated. */
export const hidden = { eval: globalThis.eval, WebAssembly: globalThis.WebAssembly };

Object.assign(globalThis, {
  CESIUM_BASE_URL: new URL("../vendor/cesium/", import.meta.url).href,
  eval: () => globalThis,
  WebAssembly: undefined,
});
