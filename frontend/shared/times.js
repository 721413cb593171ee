/** Time axes of outputs: how their times are told, and where marks stand under a picture. */
import { addWords, brief, language, t, withUnit } from './i18n.js';
import { ticks } from './scales.js';
import { unitName } from './units.js';

addWords({
  en: { time: 'Time', since: (origin) => `since ${origin}`, timeUnits: { day: 'days', week: 'weeks', month: 'months', year: 'years' } },
  fr: { time: 'Temps', since: (origin) => `depuis ${origin}`, timeUnits: { day: 'jours', week: 'semaines', month: 'mois', year: 'ans' } },
});

/** Spellings of units of time, and their milliseconds where each has as many. */
const UNITS = {
  ms: ['millisecond', 1], s: ['s', 1e3], sec: ['s', 1e3], second: ['s', 1e3], min: ['minute', 6e4], minute: ['minute', 6e4],
  h: ['hour', 36e5], hr: ['hour', 36e5], hour: ['hour', 36e5], d: ['day', 864e5], day: ['day', 864e5], week: ['week', 6048e5],
  month: ['month', NaN], year: ['year', NaN],
};
const unitOf = (unit) => UNITS[unit] ?? UNITS[unit.replace(/s$/, '')] ?? [unit, NaN];

/** Steps of marks that a clock or a calendar knows. */
const CLOCK = { hour: [1, 2, 3, 6, 12, 24, 48, 120, 240, 480], minute: [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440] };
const DAY = 864e5;
const STEPS = [1, 5, 15, 60, 300, 900, 1800, 3600, 10800, 21600, 43200].map((seconds) => 1000 * seconds).concat([1, 2, 5, 7, 14].map((days) => days * DAY));
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200];
const MOST = 4;
/** The last moment that a date can be. */
const LAST = 8.64e15;

/**
 * The clock of an origin: milliseconds that its hands show, and the name of its zone; null where it is no date. Times are told
 * as the clock of the origin shows them, whatever the zone of the visitor.
 */
export function clockOf(origin) {
  const found = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?))?(Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(origin ?? '');
  if (!found) return null;
  const [, date, hands = '00', zone = ''] = found;
  const at = Date.parse(`${date}T${hands.length === 2 ? `${hands}:00` : hands}Z`);
  return Number.isNaN(at) ? null : { at, zone: /^$|^(Z|[+-]00(:?00)?)$/.test(zone) ? zone && 'UTC' : `UTC${zone}` };
}

/**
 * The time axis of an output, its first dimension: `values` along a picture, `told` of each, `title`, `placeTold`
 * of one that stands alone, and `marks` between two values as `{ at, text }`. Times with an origin are dates.
 */
export function timeAxis({ time, coords }) {
  const given = time?.values ?? coords.time;
  if (!given.every((value) => Number.isFinite(typeof value === 'string' ? NaN : value))) return namedAxis(given.map(String));
  const [unit, milliseconds] = unitOf(time?.unit ?? '');
  const clock = clockOf(time?.origin);
  const dates = given.map((value) => clock?.at + value * milliseconds);
  if (dates.every((at) => Math.abs(at) <= LAST)) return dateAxis(dates, clock.zone);
  const written = (value) => brief(value, 10);
  const named = t('timeUnits')[unit] ?? unitName(unit);
  const title = [t('time'), named && `(${named})`, time?.origin && t('since', time.origin)].filter(Boolean).join(' ');
  return { values: given, told: given.map(written), title, placeTold: (told) => withUnit(told, named), marks: (low, high) => numberMarks(low, high, CLOCK[unit]).map((at) => ({ at, text: written(at) })) };
}

/** Round numbers between two, by steps of a clock where it has any that are long enough. */
function numberMarks(low, high, steps = []) {
  const step = steps.find((value) => (high - low) / value <= MOST);
  if (!step || high - low < 1.5 * step) return ticks(low, high, MOST + 1);
  return multiples(low, high, step);
}

function multiples(low, high, step) {
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(Math.floor(high / step + 1e-9) - first + 1, 0) }, (_, k) => (first + k) * step);
}

function namedAxis(told) {
  const values = told.map((_, k) => k);
  return { values, told, title: t('time'), placeTold: (at) => at, marks: () => [0, told.length - 1].map((at) => ({ at, text: told[at] })) };
}

const written = (options) => new Intl.DateTimeFormat(language() === 'en' ? 'en-GB' : language(), { ...options, timeZone: 'UTC' });

function dateAxis(values, zone) {
  const whole = values.every((at) => at % DAY === 0);
  const seconds = values.some((at) => at % 6e4 !== 0);
  const full = written(whole ? { dateStyle: 'medium' } : { dateStyle: 'medium', timeStyle: seconds ? 'medium' : 'short' });
  const span = written({ dateStyle: 'long' }).formatRange(values[0], values.at(-1));
  return { values, told: values.map((at) => full.format(at)), title: zone && !whole ? `${span} (${zone})` : span, placeTold: (at) => (zone && !whole ? `${at} ${zone}` : at), marks: dateMarks };
}

/** Dates between two, and hours between them where these are few. */
export function dateMarks(low, high) {
  const step = STEPS.find((value) => (high - low) / value <= MOST);
  if (step) {
    const [date, hands] = [written({ day: 'numeric', month: 'short' }), written({ hour: '2-digit', minute: '2-digit', ...(step < 6e4 ? { second: '2-digit' } : {}) })];
    return multiples(low, high, step).map((at) => ({ at, text: (at % DAY === 0 ? date : hands).format(at) }));
  }
  const [from, to] = [low, high].map((at) => 12 * new Date(at).getUTCFullYear() + new Date(at).getUTCMonth());
  const months = MONTHS.find((value) => (to - from) / value <= MOST) ?? MONTHS.at(-1);
  const name = written(months < 12 ? { month: 'short', year: 'numeric' } : { year: 'numeric' });
  return multiples(from, to, months).map((month) => Date.UTC(Math.floor(month / 12), month % 12)).filter((at) => at >= low && at <= high).map((at) => ({ at, text: name.format(at) }));
}
