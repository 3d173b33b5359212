/** An online basemap below the data of a picture, where its host lets it be saved. */
import { modulo } from "../map/grid.js";
import { tilesOf, wholePixels } from "./tiling.js";

/**
 * Pictures that do not come are left out, as they are on the map.
 * @param {import("./atlas.js").Sheet} sheet @param {import("../types.js").Basemap} basemap @param {AbortSignal} signal
 */
export async function drawOnline({ context, window, world }, { url, max_zoom: finest }, signal) {
  const z = Math.max(0, Math.min(finest, Math.round(Math.log2(world / 256))));
  const across = 2 ** z;
  const side = world / across;
  await Promise.all([...tilesOf(window, across)].map(async ({ x, y }) => {
    const names = { z: String(z), x: String(modulo(x, across)), y: String(y) };
    const image = await load(url.replace(/\{([zxy])\}/g, (_, name) => names[/** @type {"z"} */ (name)]));
    if (!image || signal.aborted) return;
    context.drawImage(image, ...wholePixels((x - window.west * across) * side, (y - window.north * across) * side, side));
  }));
}

/** @param {string} address @returns {Promise<HTMLImageElement | null>} */
async function load(address) {
  const image = new Image();
  image.crossOrigin = "anonymous";
  image.src = address;
  return image.decode().then(() => image, () => null);
}
