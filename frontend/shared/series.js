/** Answers over time and along lines, told as lines with their numbers. */
import { numbersTable } from './charts.js';
import { choiceList, plainName } from './controls.js';
import { h, s } from './dom.js';
import { addWords, brief, t, withUnit } from './i18n.js';
import { definedValues } from './model.js';
import { inUnit, mapFigure, nameWithUnit, outputName, outputStep, toldValue, vectorFigure } from './outputs.js';
import { placesOf } from './places.js';
import { digitStep } from './rounding.js';
import { boundsOfLines, seriesChart, strokeOf } from './series_chart.js';
import { timeAxis } from './times.js';

addWords({
  en: {
    highest: (value, where) => `at most ${value} (${where})`, highestOf: (name) => `${name}, highest`, within: (share, most) => `In ${share} of cases within ${most} of the line; the table tells each interval.`,
    notFromZero: (low) => `The axis begins at ${low}, not at 0.`, withoutValue: (names) => `No value: ${names}.`, someWithout: 'A line is interrupted where there is no value.', lineNames: 'Lines', reach: 'Line',
  },
  fr: {
    highest: (value, where) => `au plus ${value} (${where})`, highestOf: (name) => `${name}, au plus haut`, within: (share, most) => `Dans ${share} des cas à ${most} au plus de la courbe ; le tableau donne chaque intervalle.`,
    notFromZero: (low) => `L’axe commence à ${low}, pas à 0.`, withoutValue: (names) => `Sans valeur : ${names}.`, someWithout: 'Une courbe est interrompue là où il n’y a pas de valeur.', lineNames: 'Courbes', reach: 'Ligne',
  },
});

/** More lines than this are shown one at a time. */
export const MOST_LINES = 12;
/** Names of up to so many signs stand at the ends of their lines; longer ones have numbers there. */
const SHORT = 14;

/** An output at one time alone is told without it. */
const withoutSingleTime = (output) =>
  output.dims.length === 2 && output.dims[0] === 'time' && output.shape[0] === 1 ? { ...output, dims: output.dims.slice(1), shape: output.shape.slice(1) } : output;

/** How an output is drawn: `times` (lines over time), `along` (lines over a distance), `vector` or `map`. */
export function pictureOf(output) {
  const { dims, shape, geometry } = withoutSingleTime(output);
  if (dims[0] === 'time' && dims.length <= 2 && shape[0] > 1) return 'times';
  if (dims.length !== 1) return 'map';
  return geometry?.kind === 'lines' && Object.values(geometry.chainage).some((places) => places.length > 1) ? 'along' : 'vector';
}

/** The lines of an output: `series` of `{ name, x, value, lower, upper, told }`, each value with what is told of its place on the axis. */
export function linesOf(output, answer) {
  const [value, lower, upper] = [definedValues(output, answer.value), answer.lower, answer.upper];
  const pick = (at, name, x, told) => ({ name, x, told, ...Object.fromEntries(Object.entries({ value, lower, upper }).map(([key, all]) => [key, all && at.map((k) => (Number.isNaN(value[k]) ? NaN : all[k]))])) });
  if (pictureOf(output) === 'times') {
    const axis = timeAxis(output);
    const dim = output.dims[1];
    const { names, reaches } = dim ? placesOf(output, dim) : { names: [''] };
    return { axis, dim, along: reaches?.length === 1 ? t('along', reaches[0].name) : '', series: names.map((name, p) => pick(axis.values.map((_, k) => k * names.length + p), name, axis.values, axis.told)) };
  }
  const { reaches, unit } = placesOf(output, output.dims.at(-1));
  const title = reaches.length > 1 ? t('distance') : t('along', reaches[0].name);
  const axis = { title: unit ? `${title} (${unit})` : title, placeTold: (told) => withUnit(told, unit), marks: distanceMarks };
  return { axis, dim: 'reach', series: reaches.map(({ name, at, distances }) => pick(at, reaches.length > 1 ? name : '', distances, distances.map((distance) => brief(distance, 10)))) };
}

const distanceMarks = (low, high) => timeAxis({ time: null, coords: { time: [low, high] } }).marks(low, high);

/** The highest of some lines as `{ line, k, value }`, null where nothing has a value. */
export function peakOf(series) {
  let best = null;
  series.forEach((one, line) => one.value.forEach((value, k) => {
    if (!Number.isNaN(value) && (best === null || value > best.value)) best = { line, k, value };
  }));
  return best;
}

const dimName = (dim) => (dim === 'reach' ? t('reach') : (t('dimensions')[dim] ?? plainName(dim)));

/** The step that the values of one line are told to: as its own interval supports. */
const stepOfLine = ({ value, lower, upper }) => {
  const at = value.flatMap((v, k) => (Number.isNaN(v) ? [] : [k]));
  const [values, low, high] = [value, lower, upper].map((all) => all && at.map((k) => all[k]));
  return outputStep({ value: values, lower: low, upper: high });
};

/** The highest value of some lines in words: `text`, its interval or null, and `where` it is. */
function peakTold(output, { axis, series }) {
  const peak = peakOf(series);
  if (!peak) return { text: t('nowhere'), interval: null, where: '' };
  const { name, told, lower, upper } = series[peak.line];
  const step = stepOfLine(series[peak.line]);
  const written = (value) => inUnit(toldValue(value, step), output);
  return {
    text: written(peak.value),
    interval: lower && [toldValue(lower[peak.k], step), written(upper[peak.k])],
    where: [name, axis.placeTold(told[peak.k])].filter(Boolean).join(', '),
  };
}

const peakSentence = ({ text, where }) => (where ? t('highest', text, where) : text);

/** What the answer on places or times comes to: its highest value, with interval and place. */
export function highestTold(output, answer, share) {
  const { text, interval, where } = peakTold(output, linesOf(output, answer));
  return { text, where, interval: interval && t('interval', share, ...interval), sentence: peakSentence({ text, where }) };
}

/** Names and dashes of lines that have but a number at their end. */
const key = (series) =>
  h('ol', { class: 'key', 'aria-label': t('lineNames') },
    series.map((one, k) => h('li', {}, s('svg', { viewBox: '0 0 30 8', class: 'sample', 'aria-hidden': 'true' }, s('path', { class: 'series', ...strokeOf(k), d: 'M2 4H28' })), one.name)));

/** The numbers of lines: a column for each where they share an axis, else a row for each place. */
function linesTable(output, { axis, dim, series }) {
  const steps = new Map(series.map((one) => [one, stepOfLine(one)]));
  const cell = (one, value) => (Number.isNaN(value) ? '–' : toldValue(value, steps.get(one)));
  const heads = [t('value'), ...(series[0].lower ? [t('from'), t('to')] : [])];
  const cells = (one, k) => [one.value, one.lower, one.upper].filter(Boolean).map((values) => cell(one, values[k]));
  if (series.length === 1) return numbersTable(outputName(output), [axis.title, ...heads], series[0].told.map((told, k) => [told, ...cells(series[0], k)]));
  if (dim === 'reach') {
    return numbersTable(outputName(output), [`${t('reach')}, ${axis.title}`, ...heads], series.flatMap((one) => one.told.map((told, k) => [`${one.name}, ${told}`, ...cells(one, k)])));
  }
  const both = (one, k) => [cell(one, one.value[k]), ' ', one.lower && !Number.isNaN(one.value[k]) && h('small', {}, t('bounds', cell(one, one.lower[k]), cell(one, one.upper[k])))];
  return numbersTable(outputName(output), [axis.title, ...series.map(({ name }) => name)], series[0].told.map((told, k) => [told, ...series.map((one) => both(one, k))]), true);
}

/** A number in two digits that it does not exceed. */
function atMost(value) {
  const step = digitStep(value, 2);
  return toldValue(Math.ceil(value / step - 1e-9) * step, step);
}

function drawn(output, lines, share) {
  const { axis, along, series } = lines;
  const marked = series.every(({ name }) => name.length <= SHORT) ? series.map(({ name }) => name) : series.map((_, k) => String(k + 1));
  const several = series.length > 1;
  const [least, most] = boundsOfLines(series);
  const empty = series.filter(({ value }) => value.every(Number.isNaN));
  const widest = series[0].lower && Math.max(...series.flatMap(({ value, lower, upper }) => value.map((at, k) => (Number.isNaN(at) ? 0 : Math.max(upper[k] - at, at - lower[k])))));
  const notes = [
    several && along && `${t('lineNames')}${t('colon')}${along[0].toLowerCase()}${along.slice(1)}.`,
    widest && (several ? t('within', share, inUnit(atMost(widest), output)) : t('band', share)),
    (least > 0 || most < 0) && t('notFromZero', inUnit(brief(least > 0 ? least : most), output)),
    several && empty.length > 0 && t('withoutValue', empty.map(({ name }) => name).join(', ')),
    series.some(({ value }) => value.some(Number.isNaN) && !value.every(Number.isNaN)) && t('someWithout'),
  ].filter(Boolean);
  const title = `${outputName(output)}${t('colon')}${peakSentence(peakTold(output, lines))}`;
  return [
    seriesChart({ series: series.map((one, k) => ({ ...one, mark: marked[k] })), marks: axis.marks, axis: axis.title, written: (value) => brief(value), title }),
    several && marked[0] !== series[0].name && key(series),
    notes.length > 0 && h('p', { class: 'note' }, notes.join(' ')),
    linesTable(output, lines),
  ].filter(Boolean);
}

/** An output as lines; of many a list chooses the one that is shown, and `chosen` keeps it by the name of the output. */
function linesFigure(output, answer, share, chosen) {
  const lines = linesOf(output, answer);
  const caption = h('figcaption', {}, nameWithUnit(output));
  if (lines.series.length <= MOST_LINES) return h('figure', {}, caption, drawn(output, lines, share));
  const only = (k) => ({ ...lines, series: [lines.series[k]] });
  const first = chosen.get(output.name) ?? peakOf(lines.series)?.line ?? 0;
  const box = h('div', {}, drawn(output, only(first), share));
  const id = `place-${output.name}`;
  const list = choiceList(id, lines.series.map(({ name }) => name), first, (k) => {
    const open = box.querySelector('details').open;
    chosen.set(output.name, k);
    box.replaceChildren(...drawn(output, only(k), share));
    box.querySelector('details').open = open;
  });
  return h('figure', {}, caption, h('div', { class: 'control place' }, h('label', { for: id }, dimName(lines.dim)), list), box);
}

/** The picture of an output that is no scalar, whichever suits it; `chosen` keeps what is chosen in it by name of the output. */
export function outputFigure(output, answer, share, chosen) {
  const picture = pictureOf(output);
  if (picture === 'map') return mapFigure(output, answer, chosen);
  return picture === 'vector' ? vectorFigure(withoutSingleTime(output), answer, share) : linesFigure(output, answer, share, chosen);
}
