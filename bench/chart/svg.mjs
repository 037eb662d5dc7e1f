/** Colours of the two themes that pages on GitHub have. */
export const THEMES = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    faint: '#59636e',
    grid: '#d1d9e0',
    ours: '#0969da',
    floor: '#1a7f37',
    other: '#b0b8c1',
    series: ['#0969da', '#bc4c00', '#1a7f37', '#8250df'],
  },
  dark: {
    background: '#0d1117',
    text: '#e6edf3',
    faint: '#9198a1',
    grid: '#2f353d',
    ours: '#4493f8',
    floor: '#3fb950',
    other: '#6e7681',
    series: ['#4493f8', '#f0883e', '#3fb950', '#ab7df8'],
  },
};

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Returns text as it is written in the content and in the attributes of SVG. */
export function escaped(text) {
  return String(text).replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

/** Returns one element as text. Attributes that are undefined are left out. */
export function element(name, attributes, ...content) {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? Number(value.toFixed(1)) : value)}"`,
    )
    .join('');
  return content.length === 0 ? `<${name}${list}/>` : `<${name}${list}>${content.join('')}</${name}>`;
}

/** Returns a line of text. `halo` is a colour behind the letters, which keeps lines that pass there off them. */
export function text(x, y, content, { fill, anchor = 'start', size = 12, weight, halo }) {
  const behind = halo === undefined ? {} : { stroke: halo, 'stroke-width': 4, 'paint-order': 'stroke' };
  const attributes = { x, y, fill, 'text-anchor': anchor, 'font-size': size, 'font-weight': weight };
  return element('text', { ...attributes, ...behind }, escaped(content));
}

/** Returns a whole picture. A screen reader reads `title` aloud. */
export function picture({ width, height, title, theme }, ...content) {
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': title,
      'font-family': '-apple-system, BlinkMacSystemFont, Segoe UI, Helvetica, Arial, sans-serif',
    },
    '\n',
    element('rect', { width, height, rx: 6, fill: theme.background }),
    '\n',
    content.flat().join('\n'),
    '\n',
  )}\n`;
}

/** A logarithmic axis. `at(value)` is the position of a value between `from` and `to`. */
export function logScale([least, most], [from, to]) {
  const [low, high] = [Math.log10(least), Math.log10(most)];
  return {
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    decades: Array.from({ length: Math.round(high - low) + 1 }, (_, i) => 10 ** Math.round(low + i)),
  };
}
