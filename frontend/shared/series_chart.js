/** Lines over an axis, each told apart by colour, dashes and its name at its end. */
import { s } from './dom.js';
import { scale, ticks } from './scales.js';

const WIDTH = 340;
const HEIGHT = 200;
const FOOT = 32;
const HEAD = 8;
/** Least distance between names at the ends of lines, and width of a sign of them and of the axis. */
const GAP = 11;
const SIGN = 6.4;
const AXIS_SIGN = 5.7;
/** Most steps of the grid. */
const STEPS = 5;

/** Each is told from the others on white and in grey; the dashes repeat after another number than the colours do. */
const COLOURS = ['#0b4a8f', '#b34700', '#00735c', '#8a2f7a', '#7a5607', '#16202b'];
const DASHES = ['', '6 3', '1.5 2.5', '9 3 1.5 3'];
/** How the line of a number is drawn. */
export const strokeOf = (k) => ({ stroke: COLOURS[k % COLOURS.length], 'stroke-dasharray': DASHES[k % DASHES.length] || null });

/** Positions at least `gap` apart, in the order of those given, as near to them as `low` to `high` allows. */
export function spread(positions, gap, low, high) {
  const order = positions.map((_, k) => k).sort((a, b) => positions[a] - positions[b]);
  const placed = order.map((k) => positions[k]);
  for (let k = 0; k < placed.length; k++) placed[k] = Math.max(placed[k], k ? placed[k - 1] + gap : low);
  for (let k = placed.length - 1; k >= 0; k--) placed[k] = Math.min(placed[k], k < placed.length - 1 ? placed[k + 1] - gap : high);
  const found = [];
  order.forEach((k, at) => (found[k] = placed[at]));
  return found;
}

/** Bounds of all values: with zero, unless it lies farther from them than they from each other. */
export function boundsOf(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (!(low <= high)) return [0, 1];
  if (low > 0 && low <= high - low) return [0, high];
  if (high < 0 && -high <= high - low) return [low, 0];
  if (low === high) return [Math.min(low, 0), Math.max(high, 0) || 1];
  return [low, high];
}

/** Bounds of lines, and of the band of one that is alone. */
export const boundsOfLines = (series) =>
  boundsOf(series.flatMap(({ value, lower, upper }) => (series.length > 1 ? value : [value, lower ?? [], upper ?? []].flat())).filter((at) => !Number.isNaN(at)));

/** A path through the values that there are; NaN interrupts it, and what stands alone is a dot. */
export function pathOf(points) {
  const known = ([, y]) => !Number.isNaN(y);
  return points
    .map((point, k) => {
      if (!known(point)) return '';
      const place = point.map((at) => at.toFixed(1)).join(' ');
      if (k > 0 && known(points[k - 1])) return `L${place}`;
      return k + 1 < points.length && known(points[k + 1]) ? `M${place}` : `M${place}h0`;
    })
    .join('');
}

const joined = (points) => points.map((point) => point.map((at) => at.toFixed(1)).join(' ')).join('L');

/** The areas between two lines; NaN interrupts them. */
export function bandOf(upper, lower) {
  const runs = [];
  upper.forEach(([, y], k) => {
    if (Number.isNaN(y)) return;
    if (k === 0 || Number.isNaN(upper[k - 1][1])) runs.push([]);
    runs.at(-1).push(k);
  });
  return runs.map((run) => `M${joined([...run.map((k) => upper[k]), ...run.reverse().map((k) => lower[k])])}Z`).join('');
}

/**
 * Lines over an axis. Each of `series` has a `mark` at its end, `x` and `value`, and where it is alone `lower` and `upper`, drawn
 * as a band. `marks(low, high)` gives the marks under the axis, `axis` names it, `written` writes values, `title` says what the
 * picture shows.
 */
export function seriesChart({ series, marks, axis, written, title }) {
  const [low, high] = boundsOfLines(series);
  const lines = ticks(low, high, STEPS);
  const signs = (texts) => Math.max(...texts.map((text) => text.length), 1);
  const left = signs(lines.map(written)) * AXIS_SIGN + 5;
  const several = series.length > 1;
  const right = WIDTH - (several ? signs(series.map(({ mark }) => mark)) * SIGN + 12 : 4);
  const [from, to] = [Math.min(...series.flatMap(({ x }) => x)), Math.max(...series.flatMap(({ x }) => x))];
  const x = scale(from, to, left + 2, right - 2);
  const y = scale(low, high, HEIGHT - FOOT, HEAD);
  const place = (one, values) => one.x.map((at, k) => [x(at), y(values[k])]);
  const [alone] = series;
  return s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': title, class: 'chart' },
    lines.map((value) =>
      s('g', { class: 'grid' },
        s('line', { x1: left, x2: right, y1: y(value), y2: y(value) }),
        s('text', { x: left - 4, y: y(value) + 3, 'text-anchor': 'end' }, written(value)))),
    low < 0 && high > 0 && s('line', { class: 'zero', x1: left, x2: right, y1: y(0), y2: y(0) }),
    marks(from, to).map(({ at, text }) => {
      const half = (text.length * AXIS_SIGN) / 2;
      return s('g', { class: 'grid' },
        s('line', { x1: x(at), x2: x(at), y1: HEIGHT - FOOT, y2: HEIGHT - FOOT + 3 }),
        s('text', { x: Math.min(Math.max(x(at), half), WIDTH - half), y: HEIGHT - FOOT + 12, 'text-anchor': 'middle' }, text));
    }),
    s('text', { class: 'small', x: (left + right) / 2, y: HEIGHT - 5, 'text-anchor': 'middle' }, axis),
    !several && alone.lower && s('path', { class: 'band', d: bandOf(place(alone, alone.upper), place(alone, alone.lower)) }),
    series.map((one, k) => s('path', { class: 'series', ...strokeOf(k), d: pathOf(place(one, one.value)) })),
    several && endMarks(series, (one, k) => [x(one.x[k]), y(one.value[k])], right));
}

/** The marks of the lines beside their ends, apart from each other, and what leads there. */
function endMarks(series, place, right) {
  const ends = series.map((one, k) => ({ k, mark: one.mark, last: one.value.findLastIndex((at) => !Number.isNaN(at)) })).filter(({ last }) => last >= 0);
  const at = ends.map(({ k, last }) => place(series[k], last));
  const heights = spread(at.map(([, y]) => y), GAP, HEAD, HEIGHT - FOOT);
  return ends.map(({ k, mark }, n) =>
    s('g', { class: 'end' },
      s('path', { d: `M${joined([at[n], [right + 7, heights[n]]])}`, stroke: strokeOf(k).stroke }),
      s('text', { x: right + 9, y: heights[n] + 3.2, fill: strokeOf(k).stroke }, mark)));
}
