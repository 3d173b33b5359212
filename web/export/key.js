/** Legends on a canvas: what the colours of a picture mean. */
import { formatUnits } from "../lib/number.js";
import { drawCard, drawLine, heightOf, setFont, widthOf } from "./sign.js";

/** @typedef {import("./sign.js").Ink} Ink */
/** @typedef {import("./sign.js").Line} Line */
/** @typedef {import("./legends.js").Key} Key */
/** @typedef {{width: number, height: number, draw: (x: number, y: number) => void}} Block */

const WIDTH = 240; // of a bar, at scale 1
const WIDEST = 360; // of a heading
const BAR = 12;
const SWATCH = 13;
const COLUMN = 150;

/** @param {Key} legend @returns {Line} */
function heading({ title, units }) {
  const unit = formatUnits(units);
  return { text: unit ? `${title} (${unit})` : title, size: 12.5, weight: 600, colour: "text" };
}

/** @param {string} text @returns {Line} */
const label = (text) => ({ text, size: 11, weight: 400, colour: "text" });

/**
 * @param {Ink} ink @param {Key} legend @param {number} mostRows of a list of classes
 * @returns {Block}
 */
export function legendBlock(ink, legend, mostRows) {
  const head = heightOf(ink, heading(legend)) + 4 * ink.scale;
  const body = legend.entries ? classesBlock(ink, legend.entries, mostRows) : barBlock(ink, legend);
  return {
    width: Math.max(body.width, WIDTH * ink.scale * 0.75, Math.min(WIDEST * ink.scale, widthOf(ink, heading(legend)) + 1)),
    height: head + body.height,
    draw(x, y) {
      drawLine(ink, heading(legend), x, y, this.width);
      body.draw(x, y + head);
    },
  };
}

/** @param {Ink} ink @param {Key} legend @returns {Block} */
function barBlock(ink, { colors = [], ticks = [] }) {
  const { context, scale } = ink;
  const [width, tall] = [WIDTH * scale, BAR * scale];
  return {
    width,
    height: tall + 4 * scale + heightOf(ink, label("")),
    draw(x, y) {
      const step = width / colors.length;
      colors.forEach((color, i) => {
        const [left, right] = [Math.round(x + i * step), Math.round(x + (i + 1) * step)];
        context.fillStyle = color;
        context.fillRect(left, Math.round(y), right - left, Math.round(tall));
      });
      drawTicks(ink, ticks, x, y + tall, width);
    },
  };
}

/** Labels within the ends of a bar; of two that would touch, the first. @param {Ink} ink @param {{label: string, position: number}[]} marks @param {number} x @param {number} y @param {number} width */
function drawTicks(ink, marks, x, y, width) {
  const { context, scale, colours } = ink;
  let free = -Infinity;
  for (const { label: text, position } of marks) {
    const at = x + position * width;
    setFont(ink, label(text));
    const wide = context.measureText(text).width;
    const left = Math.min(x + width - wide, Math.max(x, at - wide / 2));
    if (left < free) continue;
    free = left + wide + 6 * scale;
    context.fillStyle = colours.muted;
    context.fillRect(Math.round(at - scale / 2), y, Math.max(1, scale), 3 * scale);
    drawLine(ink, label(text), left, y + 4 * scale, wide + 1);
  }
}

/** @param {Ink} ink @param {{label: string, color: string}[]} entries @param {number} mostRows @returns {Block} */
function classesBlock(ink, entries, mostRows) {
  const { context, scale, colours } = ink;
  const columns = Math.ceil(entries.length / mostRows);
  const rows = Math.ceil(entries.length / columns);
  const [row, column, swatch] = [19 * scale, COLUMN * scale, SWATCH * scale];
  return {
    width: column * columns,
    height: row * rows,
    draw(x, y) {
      entries.forEach(({ label: text, color }, i) => {
        const [left, top] = [x + Math.floor(i / rows) * column, y + (i % rows) * row];
        context.fillStyle = color;
        context.fillRect(left, top + (row - swatch) / 2, swatch, swatch);
        context.strokeStyle = colours.hairline;
        context.lineWidth = scale;
        context.strokeRect(left, top + (row - swatch) / 2, swatch, swatch);
        drawLine(ink, label(text), left + swatch + 7 * scale, top + (row - heightOf(ink, label(""))) / 2, column - swatch - 14 * scale);
      });
    },
  };
}

/**
 * Legends in one card, its lower left corner at (x, y); those without room are left out, the last first.
 * @param {Ink} ink @param {Key[]} legends @param {number} x @param {number} y @param {number} mostHeight
 */
export function drawLegends(ink, legends, x, y, mostHeight) {
  const [side, gap] = [14 * ink.scale, 12 * ink.scale];
  const mostRows = Math.max(2, Math.floor((mostHeight - 4 * side) / (19 * ink.scale)));
  const blocks = legends.map((legend) => legendBlock(ink, legend, mostRows));
  const tall = () => blocks.reduce((sum, { height }) => sum + height + gap, 2 * side - gap);
  while (blocks.length > 1 && tall() > mostHeight) blocks.pop();
  if (!blocks.length) return;
  const [width, height] = [Math.max(...blocks.map((block) => block.width)) + 2 * side, tall()];
  drawCard(ink, { x, y: y - height, width, height });
  let top = y - height + side;
  for (const block of blocks) {
    block.draw(x + side, top);
    top += block.height + gap;
  }
}
