/** The scene: an earth without sky, whose colours are exactly those of its pictures, drawn only when something changes. */
import {
  CameraEventType, CesiumWidget, Color, Credit, CreditDisplay, EllipsoidTerrainProvider, FeatureDetection, KeyboardEventModifier,
} from "./cesium.js";
import { themeColour } from "./ground.js";
import { FIELD } from "./view.js";

const REDUCED = window.matchMedia("(prefers-reduced-motion: reduce)");
/** Nearer to the ground there is nothing to see. */
const LEAST_DISTANCE_M = 200;
const MOST_DISTANCE_M = 4e7;
const MOST_RATIO = 2;
const SAMPLES = 4; // of a pixel, for smooth edges

/** Whether there is no graphics card: then smooth edges cost more than they are worth. */
function isDrawnInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = gl && names ? String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software/i.test(renderer);
}

/** Where Cesium puts its credits: we show our own. In a shadow of its own, that its style reaches no page. */
function hiddenCredits() {
  const box = document.createElement("div");
  document.createElement("div").attachShadow({ mode: "open" }).append(box);
  return box;
}

/**
 * @param {HTMLElement} element
 * @returns {CesiumWidget}
 * @throws {Error} where the browser has no WebGL
 */
export function createStage(element) {
  CreditDisplay.cesiumCredit = new Credit("CesiumJS");
  // It would look for this by a style attribute, which our pages forbid.
  Object.assign(FeatureDetection, { supportsImageRenderingPixelated: () => false });
  const widget = new CesiumWidget(element, {
    baseLayer: false,
    terrainProvider: new EllipsoidTerrainProvider(),
    skyBox: false,
    skyAtmosphere: false,
    scene3DOnly: true,
    msaaSamples: isDrawnInSoftware() ? 1 : SAMPLES,
    requestRenderMode: true,
    maximumRenderTimeChange: Infinity,
    useBrowserRecommendedResolution: false,
    showRenderLoopErrors: false,
    creditContainer: hiddenCredits(),
  });
  widget.resolutionScale = Math.min(1, MOST_RATIO / window.devicePixelRatio);
  setUp(widget.scene);
  return widget;
}

/** @param {import("./cesium.js").Scene} scene */
function setUp(scene) {
  const { globe } = scene;
  scene.fog.enabled = false;
  globe.showGroundAtmosphere = false;
  globe.enableLighting = false;
  globe.preloadSiblings = false;
  /** @type {import("./cesium.js").PerspectiveFrustum} */ (scene.camera.frustum).fov = FIELD;
  const control = scene.screenSpaceCameraController;
  control.minimumZoomDistance = LEAST_DISTANCE_M;
  control.maximumZoomDistance = MOST_DISTANCE_M;
  // As on web maps: the wheel zooms, dragging by the right button turns and tilts.
  control.zoomEventTypes = [CameraEventType.WHEEL, CameraEventType.PINCH];
  control.tiltEventTypes = [
    CameraEventType.RIGHT_DRAG, CameraEventType.MIDDLE_DRAG, CameraEventType.PINCH,
    { eventType: CameraEventType.LEFT_DRAG, modifier: KeyboardEventModifier.CTRL },
  ];
  if (REDUCED.matches) Object.assign(control, { inertiaSpin: 0, inertiaTranslate: 0, inertiaZoom: 0 });
}

/** What lies behind the globe has the page's colour. @param {import("./cesium.js").Scene} scene @returns {() => void} stop */
export function mountBackground(scene) {
  const show = () => {
    scene.backgroundColor = Color.fromCssColorString(themeColour("--space"));
    scene.requestRender();
  };
  show();
  window.addEventListener("themechange", show);
  return () => window.removeEventListener("themechange", show);
}

/** Seconds that a move of the camera takes. */
export function flightTime() {
  return REDUCED.matches ? 0 : 0.35;
}
