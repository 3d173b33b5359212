/** What pictures of the map are labelled with: cards, lines of text, a scale bar. Drawn on a canvas. */

/**
 * @typedef {object} Ink how signs are drawn
 * @property {CanvasRenderingContext2D} context
 * @property {number} scale how large they are, 1 in a usual window
 * @property {Record<"card" | "text" | "muted" | "hairline", string>} colours
 * @property {string} family of letters
 *
 * @typedef {{text: string, size: number, weight: number, colour: "text" | "muted"}} Line
 * @typedef {{x: number, y: number, width: number, height: number}} Rectangle
 */

const LEADING = 1.35;
const CARD_ALPHA = 0.93;
const ELLIPSIS = "…";

/** In the colours of the page. @param {CanvasRenderingContext2D} context @param {number} scale @returns {Ink} */
export function inkOf(context, scale) {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const colours = { card: colour("card"), text: colour("text"), muted: colour("muted"), hairline: colour("hairline") };
  return { context, scale, colours, family: getComputedStyle(document.body).fontFamily };
}

/** @param {Ink} ink @param {Rectangle} box */
export function drawCard({ context, scale, colours }, { x, y, width, height }) {
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, height, 10 * scale);
  context.globalAlpha = CARD_ALPHA;
  context.shadowColor = "rgb(16 32 44 / 22%)";
  context.shadowBlur = 14 * scale;
  context.shadowOffsetY = 2 * scale;
  context.fillStyle = colours.card;
  context.fill();
  context.restore();
}

/** @param {Ink} ink @param {Pick<Line, "size" | "weight">} line */
export function setFont({ context, scale, family }, { size, weight }) {
  context.font = `${weight} ${size * scale}px ${family}`;
}

/** @param {Ink} ink @param {Line} line */
export function widthOf(ink, line) {
  setFont(ink, line);
  return ink.context.measureText(line.text).width;
}

/** Pixels that a line takes. @param {Ink} ink @param {Pick<Line, "size">} line */
export function heightOf({ scale }, { size }) {
  return size * LEADING * scale;
}

/** A line from its upper left; cut short where it has no room. @param {Ink} ink @param {Line} line @param {number} x @param {number} y @param {number} most */
export function drawLine(ink, line, x, y, most) {
  const { context, colours } = ink;
  setFont(ink, line);
  context.textBaseline = "middle";
  context.fillStyle = colours[line.colour];
  context.fillText(fitted(context, line.text, most), x, y + heightOf(ink, line) / 2);
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} most */
function fitted(context, text, most) {
  if (context.measureText(text).width <= most) return text;
  let length = text.length;
  while (length > 1 && context.measureText(text.slice(0, length) + ELLIPSIS).width > most) length--;
  return text.slice(0, length).trimEnd() + ELLIPSIS;
}

/**
 * A card with lines; as wide as they need.
 * @param {Ink} ink @param {Line[]} lines @param {number} x @param {number} y @param {number} most
 * @returns {number} its height
 */
export function drawNote(ink, lines, x, y, most) {
  const [side, above] = [16 * ink.scale, 11 * ink.scale];
  const room = most - 2 * side;
  const width = Math.min(room, Math.max(...lines.map((line) => widthOf(ink, line))));
  const height = lines.reduce((sum, line) => sum + heightOf(ink, line), 2 * above);
  drawCard(ink, { x, y, width: width + 2 * side, height });
  let top = y + above;
  for (const line of lines) {
    drawLine(ink, line, x + side, top, room);
    top += heightOf(ink, line);
  }
  return height;
}

/**
 * A bar that is a round distance long, its right end at x, its foot at y.
 * @param {Ink} ink @param {{width: number, label: string}} bar @param {number} x @param {number} y
 */
export function drawScale(ink, { width, label }, x, y) {
  const { context, scale, colours } = ink;
  const [left, tick] = [x - width, 6 * scale];
  /** @type {Line} */
  const line = { text: label, size: 12, weight: 600, colour: "text" };
  const path = new Path2D(`M${left} ${y - tick}V${y}H${x}V${y - tick}`);
  context.lineJoin = "round";
  for (const [colour, thick] of /** @type {[string, number][]} */ ([[colours.card, 5], [colours.text, 2]])) {
    context.strokeStyle = colour;
    context.lineWidth = thick * scale;
    context.stroke(path);
  }
  setFont(ink, line);
  context.textBaseline = "middle";
  context.strokeStyle = colours.card;
  context.lineWidth = 4 * scale;
  const [at, middle] = [left + (width - widthOf(ink, line)) / 2, y - tick - heightOf(ink, line) / 2];
  context.strokeText(label, at, middle);
  context.fillStyle = colours.text;
  context.fillText(label, at, middle);
}

/** Who the data are from, on a strip in the lower right corner. @param {Ink} ink @param {string} text @param {{width: number, height: number}} size @returns {number} its height */
export function drawCredit(ink, text, { width, height }) {
  /** @type {Line} */
  const line = { text, size: 11, weight: 400, colour: "muted" };
  const [side, tall] = [8 * ink.scale, heightOf(ink, line) + 4 * ink.scale];
  const wide = Math.min(width, widthOf(ink, line) + 2 * side);
  ink.context.save();
  ink.context.globalAlpha = CARD_ALPHA;
  ink.context.fillStyle = ink.colours.card;
  ink.context.fillRect(width - wide, height - tall, wide, tall);
  ink.context.restore();
  drawLine(ink, line, width - wide + side, height - tall + 2 * ink.scale, wide - 2 * side);
  return tall;
}
