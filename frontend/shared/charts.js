/** Pictures of rows of numbers, each with its numbers as a table beside it. */
import { h, s } from './dom.js';
import { t } from './i18n.js';
import { boundsWithZero, scale, ticks } from './scales.js';

/** The numbers of a picture, folded; a table of many columns is moved sideways in its frame. */
export const numbersTable = (caption, heads, rows, wide = false) =>
  h(
    'details',
    { class: 'numbers' },
    h('summary', {}, t('asTable')),
    h('div', wide ? { class: 'wide', tabIndex: 0, role: 'region', 'aria-label': caption } : {}, h(
      'table',
      {},
      h('caption', { class: 'hidden' }, caption),
      h('thead', {}, h('tr', {}, heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, rows.map(([first, ...rest]) => h('tr', {}, h('th', { scope: 'row' }, first), rest.map((cell) => h('td', {}, cell))))),
    )),
  );

const WIDTH = 340;
const HEIGHT = 150;
const FOOT = 18;
const HEAD = 16;

/** Lines of a grid with their values, but not at zero, and the line of zero where there are values on both its sides. */
function grid(low, high, y, written) {
  const lines = ticks(low, high).filter((value) => value !== 0);
  return [
    ...lines.map((value) =>
      s('g', { class: 'grid' },
        s('line', { x1: 0, x2: WIDTH, y1: y(value), y2: y(value) }),
        s('text', { x: WIDTH, y: y(value) - 2, 'text-anchor': 'end' }, written(value)))),
    low < 0 && s('line', { class: 'zero', x1: 0, x2: WIDTH, y1: y(0), y2: y(0) }),
  ];
}

const svg = (title, ...parts) => s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': title, class: 'chart' }, ...parts);

/**
 * Bars from zero; `other` is drawn over them as outlines, `lower` and `upper` as lines through their ends. `names` stand under the
 * bars, `written` writes the values of the grid, `title` says what the picture shows.
 */
export function bars({ values, other, lower, upper, names, written, title }) {
  const [low, high] = boundsWithZero(values, other ?? [], lower ?? [], upper ?? []);
  const y = scale(low, high, HEIGHT - FOOT, HEAD);
  const step = WIDTH / values.length;
  const gap = Math.min(3, 0.15 * step);
  const bar = (value, k, kind) =>
    s('rect', { x: k * step + gap, y: Math.min(y(value), y(0)), width: step - 2 * gap, height: Math.abs(y(value) - y(0)), class: kind });
  const drawn = values.map((value, k) =>
    s('g', {},
      bar(value, k, 'bar'),
      other && bar(other[k], k, 'bar-changed'),
      lower && s('line', { class: 'interval', x1: (k + 0.5) * step, x2: (k + 0.5) * step, y1: y(lower[k]), y2: y(upper[k]) }),
      s('text', { x: (k + 0.5) * step, y: HEIGHT - 5, 'text-anchor': 'middle' }, names[k])));
  return svg(title, drawn, grid(low, high, y, written));
}

/** A line through many values, with the band of their interval; `names` of the first and the last stand under its ends. */
export function line({ values, lower, upper, names, written, title }) {
  const [low, high] = boundsWithZero(values, lower ?? [], upper ?? []);
  const x = scale(0, values.length - 1, 2, WIDTH - 2);
  const y = scale(low, high, HEIGHT - FOOT, HEAD);
  const points = (series) => series.map((value, k) => `${x(k).toFixed(1)} ${y(value).toFixed(1)}`);
  return svg(title,
    lower && s('path', { class: 'band', d: `M${[...points(upper), ...points(lower).reverse()].join('L')}Z` }),
    s('path', { class: 'line', d: `M${points(values).join('L')}` }),
    s('text', { x: 0, y: HEIGHT - 5 }, names[0]),
    s('text', { x: WIDTH, y: HEIGHT - 5, 'text-anchor': 'end' }, names.at(-1)),
    grid(low, high, y, written));
}

/** Colours from the least to the most, told apart in grey too. */
const RAMP = [[247, 250, 253], [180, 208, 233], [94, 154, 205], [33, 100, 166], [8, 48, 107]];
export const RAMP_CSS = `linear-gradient(90deg, ${RAMP.map((colour) => `rgb(${colour})`).join(', ')})`;

/** Red, green and blue of a share from 0 to 1. */
export function rampColour(share) {
  const position = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(position), RAMP.length - 2);
  return RAMP[low].map((value, k) => Math.round(value + (position - low) * (RAMP[low + 1][k] - value)));
}

const NOTHING = [201, 205, 210];

/** A map of values, rows from the top, as coloured cells between two values; cells without a value, NaN, are grey. */
export function cells({ values, shape: [rows, columns], low, high, title }) {
  const canvas = h('canvas', { width: columns, height: rows, role: 'img', 'aria-label': title, class: 'cells' });
  const context = canvas.getContext('2d');
  const picture = context.createImageData(columns, rows);
  values.forEach((value, k) => picture.data.set([...(Number.isNaN(value) ? NOTHING : rampColour((value - low) / (high - low || 1))), 255], 4 * k));
  context.putImageData(picture, 0, 0);
  return canvas;
}
