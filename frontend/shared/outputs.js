/** What a model answers, told of any study: numbers with their interval, pictures of vectors and maps. */
import { bars, cells, line, numbersTable, RAMP_CSS } from './charts.js';
import { plainName, slider } from './controls.js';
import { h } from './dom.js';
import { addWords, brief, language, number, t, told, withUnit } from './i18n.js';
import { definedValues } from './model.js';
import { decimalsOf, digitStep, stepOf, toStep } from './rounding.js';
import { unitName } from './units.js';

addWords({
  en: {
    interval: (share, low, high) => `in ${share} of cases between ${low} and ${high}`,
    whisker: (share) => `The black lines hold ${share} of cases.`, band: (share) => `The pale band holds ${share} of cases.`,
    value: 'Value', from: 'From', to: 'To', overall: (least, most, mean) => `From ${least} to ${most}, ${mean} on average.`, nowhere: 'It has a value nowhere.', greyCells: 'Grey: no value.', axes: (rows, columns) => `Rows: ${rows}; columns: ${columns}.`,
    dimensions: { month: 'Month', hour: 'Hour', time: 'Time', day: 'Day', place: 'Place', station: 'Station' },
  },
  fr: {
    interval: (share, low, high) => `dans ${share} des cas entre ${low} et ${high}`,
    whisker: (share) => `Les traits noirs contiennent ${share} des cas.`, band: (share) => `La bande pâle contient ${share} des cas.`,
    value: 'Valeur', from: 'De', to: 'À', overall: (least, most, mean) => `De ${least} à ${most}, ${mean} en moyenne.`, nowhere: 'Sans valeur partout.', greyCells: 'Gris : sans valeur.', axes: (rows, columns) => `Lignes : ${rows} ; colonnes : ${columns}.`,
    dimensions: { month: 'Mois', hour: 'Heure', time: 'Temps', day: 'Jour', place: 'Lieu', station: 'Station' },
  },
});

/** Digits of a number of which no interval is known. */
const DIGITS = 4;
/** Digits of the extremes of a map. */
const MAP_DIGITS = 3;
/** More values than this are drawn as a line. */
const MOST_BARS = 31;
/** Width of a sign under a bar, in shares of the width of a picture. */
const SIGN = 1 / 54;

export const outputName = (output) => told(output.label) || plainName(output.name);
/** Name of an output with its unit. */
export const nameWithUnit = (output) => [outputName(output), unitName(output.unit) && `(${unitName(output.unit)})`].filter(Boolean).join(' ');

/** The step that values of an output are told to: as its interval supports, else so many digits of the largest. */
export function outputStep({ value, lower, upper }) {
  const widest = lower ? Math.max(...lower.map((low, k) => (upper[k] - low) / 2)) : 0;
  const largest = value.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return widest > 0 ? stepOf(widest, 0) : largest > 0 ? digitStep(largest, DIGITS) : 1;
}

/** A value to a step; never minus zero. */
export const toldValue = (value, step) => number(toStep(value, step) + 0, decimalsOf(step));
export const inUnit = (text, output) => withUnit(text, unitName(output.unit));

/** A number and the sentence about its interval, or null where none is known. */
export function scalarTold(output, answer, share) {
  const step = outputStep(answer);
  const written = (value) => inUnit(toldValue(value, step), output);
  return { text: written(answer.value[0]), interval: answer.lower && t('interval', share, toldValue(answer.lower[0], step), written(answer.upper[0])) };
}

/** Names of the coordinates of a vector; months are told in the language of the page. */
function coordinateNames(output, width) {
  const [dim] = output.dims;
  const found = output.coords[dim].map(String);
  if (dim !== 'month' || found.length !== 12) return found;
  const month = new Intl.DateTimeFormat(language(), { month: width, timeZone: 'UTC' });
  return found.map((_, k) => month.format(Date.UTC(2001, k, 15)));
}

/** A vector as bars, or as a line where there are many values, with its numbers. */
export function vectorFigure(output, answer, share) {
  const step = outputStep(answer);
  const long = answer.value.length > MOST_BARS;
  const room = Math.max(Math.floor(1 / SIGN / answer.value.length), 1);
  const short = coordinateNames(output, 'short').map((name) => (long ? name : name.slice(0, room).replace(/\.$/, '')));
  const names = coordinateNames(output, 'long');
  const best = answer.value.indexOf(Math.max(...answer.value));
  const title = `${outputName(output)}${t('colon')}${names[best]} ${inUnit(toldValue(answer.value[best], step), output)}`;
  const picture = (long ? line : bars)({ values: answer.value, lower: answer.lower, upper: answer.upper, names: short, written: brief, title });
  return h('figure', {},
    h('figcaption', {}, nameWithUnit(output)),
    picture,
    answer.lower && h('p', { class: 'note' }, t(long ? 'band' : 'whisker', share)),
    numbersTable(outputName(output), [t('dimensions')[output.dims[0]] ?? plainName(output.dims[0]), t('value'), ...(answer.lower ? [t('from'), t('to')] : [])],
      names.map((name, k) => [name, ...[answer.value, answer.lower, answer.upper].filter(Boolean).map((series) => toldValue(series[k], step))])));
}

const extremes = (values) => values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
const known = (values) => values.filter((value) => !Number.isNaN(value));

/** Rows of a map from the north, where its rows are places from south to north. */
function northUp({ dims, coords }, values, columns) {
  const southFirst = dims.at(-2) === 'y' && Number(coords.y[0]) < Number(coords.y.at(-1));
  return southFirst ? Array.from({ length: values.length / columns }, (_, r) => values.slice(values.length - (r + 1) * columns, values.length - r * columns)).flat() : values;
}

/**
 * Values in rows and columns as coloured cells, a map with north up, with their scale. Of more dimensions a slider chooses where
 * along the first ones; `chosen` keeps that by the name of the output.
 */
export function mapFigure(output, answer, chosen) {
  const [rows, columns] = output.shape.slice(-2);
  const all = definedValues(output, answer.value);
  const [least, most] = extremes(known(all));
  const step = digitStep(Math.max(Math.abs(least), Math.abs(most)), MAP_DIGITS);
  const written = (value) => inUnit(toldValue(value, step), output);
  const low = Math.min(least, 0);
  const dims = output.dims.map((dim) => t('dimensions')[dim] ?? plainName(dim));
  const drawn = (k) => {
    const values = northUp(output, all.slice(k * rows * columns, (k + 1) * rows * columns), columns);
    const told = known(values);
    const [from, to] = extremes(told);
    const sentence = told.length ? t('overall', toldValue(from, step), written(to), written(told.reduce((sum, value) => sum + value, 0) / told.length)) : t('nowhere');
    return [
      cells({ values, shape: [rows, columns], low, high: most, title: `${outputName(output)}${t('colon')}${sentence}` }),
      h('p', { class: 'note' }, [sentence, told.length < values.length && told.length ? t('greyCells') : '', output.dims.at(-2) === 'y' ? '' : t('axes', ...dims.slice(-2))].filter(Boolean).join(' ')),
    ];
  };
  const slices = all.length / (rows * columns);
  const box = h('div', {}, drawn(chosen.get(output.name) ?? 0));
  const choose = (k) => {
    chosen.set(output.name, k);
    box.replaceChildren(...drawn(k));
  };
  return h('figure', {},
    h('figcaption', {}, nameWithUnit(output)),
    slices > 1 && sliceControl(output, dims, chosen.get(output.name) ?? 0, slices, choose),
    box,
    known(all).length > 0 && h('div', { class: 'ramp', 'aria-hidden': 'true' },
      h('span', {}, toldValue(low, step)), h('span', { class: 'colours', style: `background:${RAMP_CSS}` }), h('span', {}, written(most))));
}

/** A slider along the dimensions before the last two. */
function sliceControl(output, dims, k, slices, onChoose) {
  const id = `slice-${output.name}`;
  const leading = output.dims.slice(0, -2);
  const place = (at) => leading.reduceRight(([text, rest], dim) => {
    const names = output.coords[dim];
    return [[`${names[rest % names.length]}`, ...text], Math.floor(rest / names.length)];
  }, [[], at])[0].join(', ');
  const shown = h('output', { for: id }, place(k));
  const { element } = slider({ id, low: 0, high: slices - 1, step: 1, value: k, told: place, onInput: (at) => {
    shown.textContent = place(at);
    onChoose(at);
  } });
  return h('div', { class: 'control' }, h('label', { for: id }, dims.slice(0, -2).join(', ')), shown, element);
}
