/** Raw tiles as the server packs them, see `TSB1` in the description of the API. Pure. */

/**
 * @typedef {object} RawTile physical values: code 0 is no data, else the value is offset + scale × code
 * @property {"raw"} kind
 * @property {number} width
 * @property {number} height
 * @property {number} bands
 * @property {Uint16Array} codes (band, row, column)
 * @property {number} scale
 * @property {number} offset
 */

const MAGIC = "TSB1";
const HEADER_BYTES = 20;

/**
 * @param {ArrayBuffer} file without its gzip
 * @returns {RawTile}
 * @throws {Error} of anything else than such a file
 */
export function unpack(file) {
  const header = new DataView(file, 0, Math.min(HEADER_BYTES, file.byteLength));
  const magic = file.byteLength < HEADER_BYTES ? "" : String.fromCharCode(...new Uint8Array(file, 0, 4));
  if (magic !== MAGIC) throw new Error(`tile: expected a file that begins with ${MAGIC}`);
  const [width, height, bands] = [4, 6, 8].map((at) => header.getUint16(at, true));
  const size = width * height;
  if (file.byteLength !== HEADER_BYTES + 2 * size * bands) throw new Error(`tile: ${file.byteLength} bytes do not hold ${bands} × ${width} × ${height} codes`);
  const codes = new Uint16Array(size * bands);
  for (let band = 0; band < bands; band++) {
    const high = new Uint8Array(file, HEADER_BYTES + 2 * size * band, size);
    const low = new Uint8Array(file, HEADER_BYTES + 2 * size * band + size, size);
    addUp(high, low, width, codes.subarray(size * band, size * (band + 1)));
  }
  return { kind: "raw", width, height, bands, codes, scale: header.getFloat32(12, true), offset: header.getFloat32(16, true) };
}

/**
 * Each code is stored less the one to its left, modulo 65536; the high and the low bytes apart.
 * @param {Uint8Array} high @param {Uint8Array} low @param {number} width @param {Uint16Array} codes where they go
 */
function addUp(high, low, width, codes) {
  for (let start = 0; start < codes.length; start += width) {
    let code = 0;
    for (let at = start; at < start + width; at++) {
      code = (code + (high[at] << 8) + low[at]) & 0xffff;
      codes[at] = code;
    }
  }
}

/**
 * The value of a pixel; null where there is none.
 * @param {RawTile} tile @param {number} band @param {number} col @param {number} row
 * @returns {number | null}
 */
export function rawValue({ width, height, codes, scale, offset }, band, col, row) {
  const code = codes[(band * height + row) * width + col];
  return code ? offset + scale * code : null;
}
