import assert from 'node:assert/strict';
import test from 'node:test';
import { setLanguage } from '../shared/i18n.js';
import { lengthUnit, placesOf } from '../shared/places.js';
import { linesOf, peakOf, pictureOf } from '../shared/series.js';
import { bandOf, boundsOf, pathOf, spread, strokeOf } from '../shared/series_chart.js';
import { clockOf, dateMarks, timeAxis } from '../shared/times.js';

setLanguage('en');

const output = (dims, coords, more = {}) => ({ name: 'level', unit: 'm', label: {}, dims, coords, shape: dims.map((dim) => coords[dim].length), validAbove: null, fill: null, geometry: null, time: null, ...more });
const estuary = { kind: 'lines', crs: 'EPSG:2154', chainage: { estuary: [0, 45_000] } };
const rivers = { kind: 'lines', crs: 'EPSG:4326', chainage: { isle: [0, 1.5], dronne_aval: [2] } };
const tide = output(['time', 'station'], { time: [0, 600, 1200], station: ['estuary@0', 'estuary@45000'] }, { geometry: estuary, time: { values: [0, 600, 1200], unit: 's', origin: '' } });

test('the picture of an output follows from its dimensions and geometry', () => {
  const at = { time: [0, 1], station: ['a', 'b'], y: [0, 1], x: [0, 1] };
  for (const [dims, more, picture] of [
    [['time', 'station'], {}, 'times'], [['time'], {}, 'times'], [['time', 'y'], {}, 'times'], [['time', 'y', 'x'], {}, 'map'], [['y', 'x'], {}, 'map'], [['station', 'time'], {}, 'map'],
    [['station'], {}, 'vector'], [['station'], { geometry: { kind: 'points' } }, 'vector'], [['station'], { geometry: estuary }, 'along'],
    [['station'], { geometry: { ...estuary, chainage: { a: [1], b: [2] } } }, 'vector'],
  ]) assert.equal(pictureOf(output(dims, at, more)), picture, `${dims}`);
  assert.equal(pictureOf(output(['time', 'station'], { ...at, time: [0] })), 'vector');
  assert.equal(pictureOf(output(['time', 'station'], { ...at, time: [0] }, { geometry: estuary })), 'along');
});

test('a line a place is taken out of values by time, with its interval', () => {
  const { series, axis } = linesOf(tide, { value: [1, 2, 3, 4, 5, 6], lower: [0, 1, 2, 3, 4, 5], upper: [2, 3, 4, 5, 6, 7] });
  assert.deepEqual(series.map(({ name, value, lower }) => [name, value, lower]), [['0\u00a0km', [1, 3, 5], [0, 2, 4]], ['45\u00a0km', [2, 4, 6], [1, 3, 5]]]);
  assert.deepEqual(series[0].told, ['0', '600', '1,200']);
  assert.equal(axis.title, 'Time (s)');
  assert.deepEqual(peakOf(series), { line: 1, k: 2, value: 6 });
  const dry = linesOf({ ...tide, validAbove: 1.5 }, { value: [1, 2, 3, 4, 5, 6], lower: null, upper: null }).series;
  assert.deepEqual(dry[0].value, [NaN, 3, 5]);
  assert.equal(dry[0].lower, null);
  assert.equal(peakOf([{ value: [NaN] }]), null);
});

test('one line a reach over the distance; at one time as well', () => {
  const names = ['isle@0', 'isle@1.5', 'dronne_aval@2'];
  const along = linesOf(output(['station'], { station: names }, { geometry: rivers }), { value: [1, 2, 3], lower: null, upper: null });
  assert.deepEqual(along.series.map(({ name, x, value }) => [name, x, value]), [['isle', [0, 1.5], [1, 2]], ['dronne aval', [2], [3]]]);
  assert.equal(along.axis.title, 'Distance');
  const one = linesOf({ ...tide, dims: ['time', 'station'], coords: { time: [7], station: tide.coords.station }, shape: [1, 2] }, { value: [1, 2], lower: null, upper: null });
  assert.deepEqual(one.series.map(({ x, value }) => [x, value]), [[[0, 45], [1, 2]]]);
  assert.equal(one.axis.title, 'Distance along estuary (km)');
});

test('places along lines are named by their distance, others by their coordinates', () => {
  assert.deepEqual(placesOf(tide, 'station').names, ['0\u00a0km', '45\u00a0km']);
  assert.deepEqual(placesOf(output(['station'], { station: ['isle@0', 'isle@1.5', 'dronne_aval@2'] }, { geometry: rivers }), 'station').names, ['isle, 0', 'isle, 1.5', 'dronne aval, 2']);
  assert.deepEqual(placesOf(output(['y'], { y: [0.5, 2] }), 'y').names, ['0.5', '2']);
  assert.deepEqual(['EPSG:2154', 'epsg:32630', 'EPSG:4326', 'PROJCS["x",UNIT["metre",1]]', 'GEOGCS["x",UNIT["degree",0.01]]', 'PROJCS["x",UNIT["foot",0.3]]'].map(lengthUnit), ['m', 'm', '', 'm', '', '']);
});

test('times are numbers in the unit of their axis, or dates of its origin, on its clock', () => {
  const axis = (values, unit, origin = '') => timeAxis({ time: { values, unit, origin }, coords: {} });
  const hours = axis([0, 12, 36], 'hour');
  assert.deepEqual([hours.title, hours.told, hours.placeTold('36')], ['Time (h)', ['0', '12', '36'], '36\u00a0h']);
  assert.deepEqual(hours.marks(0, 36).map(({ at }) => at), [0, 12, 24, 36]);
  assert.equal(axis([0, 1], 'days').title, 'Time (days)');
  const dates = axis([0, 86_400], 's', '2010-02-28T00:00:00Z');
  assert.equal(dates.title, '28 February\u2009–\u20091 March 2010');
  assert.deepEqual(dates.told, ['28 Feb 2010', '1 Mar 2010']);
  const summer = axis([0, 90], 'min', '2010-07-01T23:00+02:00');
  assert.deepEqual(summer.told, ['1 Jul 2010, 23:00', '2 Jul 2010, 00:30']);
  assert.ok(summer.title.endsWith('(UTC+02:00)'));
  assert.deepEqual(axis([1, 2], 'month', '2010-01-01').title, 'Time (months) since 2010-01-01');
  assert.equal(axis([0, 1e12], 'day', '2010-01-01').told[1], '1,000,000,000,000');
  const names = timeAxis({ time: null, coords: { time: ['before', 'after'] } });
  assert.deepEqual([names.values, names.told, names.marks().map(({ text }) => text)], [[0, 1], ['before', 'after'], ['before', 'after']]);
});

test('an origin is read as its clock shows it', () => {
  assert.deepEqual(clockOf('2010-02-28'), { at: Date.UTC(2010, 1, 28), zone: '' });
  assert.deepEqual(clockOf('2010-02-28T06:30:00Z'), { at: Date.UTC(2010, 1, 28, 6, 30), zone: 'UTC' });
  assert.deepEqual(clockOf('2010-02-28 06+00:00'), { at: Date.UTC(2010, 1, 28, 6), zone: 'UTC' });
  for (const origin of ['', undefined, '2010-W08-7', '2010-13-01']) assert.equal(clockOf(origin), null);
});

test('marks of dates are hours, days, months or years, a few of them', () => {
  const from = Date.UTC(2010, 1, 27, 21);
  const texts = (days) => dateMarks(from, from + days * 864e5).map(({ text }) => text);
  assert.deepEqual(texts(1), ['28 Feb', '06:00', '12:00', '18:00']);
  assert.deepEqual(texts(200), ['Mar 2010', 'May 2010', 'Jul 2010', 'Sept 2010']);
  for (const days of [0.001, 0.1, 3, 20, 50, 400, 4000, 40_000]) {
    const found = dateMarks(from, from + days * 864e5);
    assert.ok(found.length >= 1 && found.length <= 6, `${days}: ${found.length}`);
    assert.ok(found.every(({ at }) => at >= from && at <= from + days * 864e5));
  }
});

test('names at ends of lines keep apart, in their order and inside', () => {
  assert.deepEqual(spread([50, 10, 52], 10, 0, 100), [50, 10, 60]);
  assert.deepEqual(spread([99, 98, 97], 10, 0, 100), [100, 90, 80]);
  assert.deepEqual(spread([-5], 10, 0, 100), [0]);
  assert.deepEqual(spread([], 10, 0, 100), []);
});

test('bounds hold zero where it is near; a line is interrupted where there is no value', () => {
  assert.deepEqual(boundsOf([2, 5]), [0, 5]);
  assert.deepEqual(boundsOf([-5, -2]), [-5, 0]);
  assert.deepEqual(boundsOf([290, 300]), [290, 300]);
  assert.deepEqual(boundsOf([-1, 1]), [-1, 1]);
  assert.deepEqual(boundsOf([7, 7]), [0, 7]);
  assert.deepEqual(boundsOf([]), [0, 1]);
  assert.equal(bandOf([[0, 2], [1, 3], [2, NaN], [3, 5]], [[0, 1], [1, 2], [2, NaN], [3, 4]]), 'M0.0 2.0L1.0 3.0L1.0 2.0L0.0 1.0ZM3.0 5.0L3.0 4.0Z');
  assert.equal(pathOf([[0, 1], [1, 2], [2, NaN], [3, 4], [4, NaN]]), 'M0.0 1.0L1.0 2.0M3.0 4.0h0');
});

test('twelve lines are all drawn differently', () => {
  const drawn = Array.from({ length: 12 }, (_, k) => JSON.stringify(strokeOf(k)));
  assert.equal(new Set(drawn).size, 12);
});
