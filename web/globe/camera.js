/** The camera is state as all else: moved by hand it is stored, and moved by a link it is followed. */
import { Cartesian2, Cartesian3, Math as Angle } from "./cesium.js";
import { activeOf, detailOf, wrap } from "../lib/select.js";
import { flightTime } from "./stage.js";
import { cameraOfBox, cameraOfView, moveView, RADIUS_M, viewOfCamera } from "./view.js";
import { coveredSides } from "../shell/room.js";

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("./cesium.js").CesiumWidget} Widget */

const WORLD_ZOOM = 2.5; // up to here the map shows the world, whose middle is no choice of anyone's
const STEP = 0.5; // of the way to the ground, at each step nearer
const MOST_TURN = 0.6; // radians, at a press of an arrow
const LIVELY_DIGITS = [5, 5, 0, 1, 1]; // of longitude, latitude, height, heading and pitch

/** @param {Widget} widget */
export const sizeOf = ({ canvas }) => ({ width: canvas.clientWidth || 1, height: canvas.clientHeight || 1 });

/** @param {Widget} widget @returns {number[]} */
export function readCamera({ camera }) {
  const { longitude, latitude, height } = camera.positionCartographic;
  const heading = (Angle.toDegrees(camera.heading) + 360) % 360;
  return [Angle.toDegrees(longitude), Angle.toDegrees(latitude), height, heading > 359.95 ? 0 : heading, Angle.toDegrees(camera.pitch)]
    .map((value, i) => Number(value.toFixed(LIVELY_DIGITS[i])));
}

/** @param {number[]} camera */
function poseOf([lon, lat, height, heading = 0, pitch = -90]) {
  return {
    destination: Cartesian3.fromDegrees(lon, lat, height),
    orientation: { heading: Angle.toRadians(heading), pitch: Angle.toRadians(pitch), roll: 0 },
  };
}

/** @param {Widget} widget @param {number[]} camera @param {boolean} [swift] at once */
function goTo(widget, camera, swift = false) {
  const duration = swift ? 0 : flightTime() * 2;
  if (duration) widget.camera.flyTo({ ...poseOf(camera), duration });
  else widget.camera.setView(poseOf(camera));
  widget.scene.requestRender();
}

/** How far it is to the ground in the middle of the view, metres. @param {Widget} widget */
function distanceOf({ camera, canvas }) {
  const middle = new Cartesian2(canvas.clientWidth / 2, canvas.clientHeight / 2);
  const ground = camera.pickEllipsoid(middle);
  return ground ? Cartesian3.distance(camera.positionWC, ground) : camera.positionCartographic.height;
}

/** @param {Widget} widget @param {number} steps nearer */
function zoom(widget, steps) {
  const { camera } = widget;
  const way = distanceOf(widget) * (1 - STEP ** steps);
  const destination = Cartesian3.add(camera.positionWC, Cartesian3.multiplyByScalar(camera.directionWC, way, new Cartesian3()), new Cartesian3());
  const { heading, pitch, roll } = camera;
  const { minimumZoomDistance: least, maximumZoomDistance: most } = widget.scene.screenSpaceCameraController;
  const height = distanceOf(widget) - way;
  if (height < least || height > most) return;
  camera.flyTo({ destination, orientation: { heading, pitch, roll }, duration: flightTime() });
}

/** Turn the globe by pixels: to the right and down, as the map is panned. @param {Widget} widget @param {[number, number]} by */
function pan(widget, [right, down]) {
  const { camera } = widget;
  const perPixel = (distanceOf(widget) * 2 * Math.tan(Math.PI / 6)) / Math.max(sizeOf(widget).width, sizeOf(widget).height) / RADIUS_M;
  const turn = (/** @type {number} */ pixels) => Math.min(MOST_TURN, Math.abs(pixels) * perPixel);
  if (right) camera[right > 0 ? "rotateRight" : "rotateLeft"](turn(right));
  if (down) camera[down > 0 ? "rotateUp" : "rotateDown"](turn(down));
  widget.scene.requestRender();
}

/** North up, straight from above. @param {Widget} widget */
export function level(widget) {
  const { camera, canvas } = widget;
  const ground = camera.pickEllipsoid(new Cartesian2(canvas.clientWidth / 2, canvas.clientHeight / 2));
  const [lon, lat] = readCamera(widget);
  const middle = ground ? widget.scene.globe.ellipsoid.cartesianToCartographic(ground) : null;
  const at = middle ? [Angle.toDegrees(middle.longitude), Angle.toDegrees(middle.latitude)] : [lon, lat];
  goTo(widget, [...at, distanceOf(widget), 0, -90]);
}

/** @typedef {(swift?: boolean) => void} Fit shows the whole dataset */

/** @param {Widget} widget @param {Store} store @param {() => import("./view.js").Sides} covered @returns {Fit} */
function fitter(widget, store, covered) {
  return (swift = false) => {
    const state = store.get();
    goTo(widget, cameraOfBox(detailOf(state, activeOf(state))?.bbox ?? null, sizeOf(widget), covered()), swift);
  };
}

/** @param {Widget} widget @returns {import("../types.js").Box | null} */
function boxOf({ camera }) {
  const seen = camera.computeViewRectangle();
  if (!seen) return null;
  const [west, south, east, north] = [seen.west, seen.south, seen.east, seen.north].map(Angle.toDegrees);
  return wrap([west, south, east < west ? east + 360 : east, north]);
}

/** From the middle of the map to that of what no panel covers, where the globe's is. @returns {[number, number]} pixels right and down */
function toFree() {
  const { left, top, right, bottom } = coveredSides();
  return [(left - right) / 2, (top - bottom) / 2];
}

/** Coming from the map the globe shows the same place, and going back the map does. @param {Widget} widget @param {Store} store @param {Fit} fit */
function followMode(widget, store, fit) {
  let shown = "";
  let view = store.get().view;
  return store.subscribe(["mode", "view"], ({ mode, view: now, camera }) => {
    // What the map does unseen, such as taking its first view, moves no globe.
    const isSame = mode === shown;
    shown = mode;
    if (isSame && mode === "globe") view = now;
    if (isSame) return;
    const isMoved = JSON.stringify(now) !== JSON.stringify(view);
    if (mode === "globe") {
      if (camera && !isMoved) goTo(widget, camera, true);
      else if (now && now.zoom > WORLD_ZOOM) goTo(widget, cameraOfView(moveView(now, ...toFree()), sizeOf(widget)), true);
      else fit(true);
    } else if (camera && !isMoved) {
      const [right, down] = toFree();
      view = moveView(viewOfCamera(readCamera(widget), sizeOf(widget)), -right, -down);
      store.set({ view });
    }
  });
}

/** What no link or hand has moved shows the whole dataset. @param {Store} store @param {Fit} fit */
function followDataset(store, fit) {
  let fitted = detailOf(store.get(), activeOf(store.get()))?.id ?? null;
  return store.subscribe(["layers", "active", "details"], (state) => {
    const detail = detailOf(state, activeOf(state));
    if (!detail || detail.id === fitted) return;
    const isFirst = fitted === null;
    fitted = detail.id;
    if (state.mode === "globe" && !(isFirst && (state.camera || state.view))) fit(isFirst);
  });
}

/**
 * @param {HTMLElement} element @param {Widget} widget @param {Store} store
 * @param {() => import("./view.js").Sides} covered of the canvas
 * @returns {() => void} unmount
 */
export function mountCamera(element, widget, store, covered) {
  const fit = fitter(widget, store, covered);
  const controller = new AbortController();
  /** @param {string} name @param {(detail: any) => void} act */
  const on = (name, act) =>
    element.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail), { signal: controller.signal });
  on("view:zoom", (/** @type {number} */ steps) => zoom(widget, steps));
  on("view:pan", (/** @type {[number, number]} */ by) => pan(widget, by));
  on("view:fit", () => fit());
  on("view:level", () => level(widget));
  const read = () => store.get().mode === "globe" && store.set({ camera: readCamera(widget), box: boxOf(widget) ?? store.get().box });
  const stops = [
    followMode(widget, store, fit),
    followDataset(store, fit),
    widget.camera.moveEnd.addEventListener(read),
    store.subscribe(["camera"], ({ camera }) => {
      const now = readCamera(widget);
      if (camera && camera.some((value, i) => value !== now[i])) goTo(widget, camera, true);
    }),
  ];
  return () => {
    controller.abort();
    stops.forEach((stop) => stop());
  };
}
