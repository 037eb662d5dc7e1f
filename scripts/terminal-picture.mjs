// Draws what a terminal shows as an SVG picture: text, with the few colours and weights that the command uses.
import { escaped } from '../bench/chart/svg.mjs';

const COLUMN = 7.85;
const ROW = 18;
const MARGIN = 16;
const TITLE_BAR = 30;
const FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace';
const COLOURS = { background: '#0d1117', bar: '#21262d', text: '#e6edf3', prompt: '#58a6ff' };
const BUTTONS = ['#ff5f56', '#ffbd2e', '#27c93f'];

/** The attributes of text by its SGR number (ECMA-48, 8.3.117). A number that is not here ends all of them. */
const STYLES = {
  1: { 'font-weight': 700 },
  2: { fill: '#9198a1' },
  32: { fill: '#3fb950' },
  33: { fill: '#d29922' },
};
const ESCAPE = String.fromCharCode(27);
const SGR = new RegExp(`${ESCAPE}\\[(\\d+)m`);

/**
 * Returns the picture. A line that begins with `$ ` is one that a person typed.
 * @param title what a screen reader reads aloud.
 */
export function terminalPicture(text, title) {
  const lines = text.trimEnd().split('\n');
  const columns = Math.max(...lines.map((line) => line.replaceAll(new RegExp(SGR, 'g'), '').length));
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
  const height = TITLE_BAR + lines.length * ROW + 2 * MARGIN;
  const buttons = BUTTONS.map((fill, i) => `<circle cx="${18 + i * 18}" cy="15" r="5.5" fill="${fill}"/>`);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="${FONT}" font-size="13">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${COLOURS.background}"/>`,
    `<path d="M0 ${TITLE_BAR}V8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v${TITLE_BAR - 8}z" fill="${COLOURS.bar}"/>`,
    ...buttons,
    ...lines.map((line, row) => drawLine(line, TITLE_BAR + MARGIN + (row + 0.7) * ROW)),
    '</svg>',
  ].join('\n')}\n`;
}

function drawLine(line, y) {
  let style = {};
  const spans = line.split(SGR).map((part, i) => {
    // Every second part is the number of a sequence.
    if (i % 2 === 1) {
      style = STYLES[part] ?? {};
      return '';
    }
    return part === '' ? '' : `<tspan${attributes(style)}>${escaped(part)}</tspan>`;
  });
  const fill = line.startsWith('$ ') ? COLOURS.prompt : COLOURS.text;
  return `<text x="${MARGIN}" y="${y.toFixed(1)}" fill="${fill}" xml:space="preserve">${spans.join('')}</text>`;
}

function attributes(style) {
  return Object.entries(style)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}
