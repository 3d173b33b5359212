/** Draws tiles of a layer, in its colours. */
import { getPainter } from "../tile/painter.js";
import { mostLevel } from "./heights.js";
import { boxOfTile, overlaps } from "./plate.js";
import { BLANK, CanvasProvider } from "./provider.js";
import { loadTile, peekTile } from "./tiles.js";

/** @typedef {import("./tiles.js").Values} Values */
/** @typedef {import("../tile/source.js").TileData} TileData */
/** @typedef {import("../tile/ramps.js").Ramp} Ramp */

/** @param {TileData} data @param {Ramp[]} ramps */
function paint(data, ramps) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [data.width, data.height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (data.kind === "image") context.drawImage(data.bitmap, 0, 0);
  else getPainter()?.paint(data, ramps, context);
  return canvas;
}

/**
 * @param {Values} values @param {Ramp[]} ramps
 * @param {{onCome: () => void, onFail: (error: unknown) => void}} listeners
 */
export function dataProvider(values, ramps, listeners) {
  const detail = values.state.details[values.layer.dataset];
  /** @type {import("./provider.js").Draw} */
  const draw = (tile, signal) => {
    if (detail.bbox && !overlaps(boxOfTile(tile), detail.bbox)) return BLANK;
    const here = peekTile(values, tile);
    return here ? paint(here, ramps) : loadTile(values, tile, signal).then((data) => paint(data, ramps));
  };
  return new CanvasProvider(draw, { ...listeners, most: mostLevel(detail) });
}
