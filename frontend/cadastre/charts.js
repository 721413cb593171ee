/** Two pictures, each with its numbers as a table beside it. */
import { bars, numbersTable } from '../shared/charts.js';
import { h, s } from '../shared/dom.js';
import { number, percent, t, unit } from '../shared/i18n.js';
import { toStep } from '../shared/rounding.js';
import { kwh, monthStep } from './yields.js';

/** Below this tilt a plane faces no direction. */
export const FLAT = 3;

/** Bars of a year; `other` is drawn over them as outlines: the installation as changed. `spread` says how they are rounded. */
export function monthlyBars(values, other, spread) {
  const fineness = monthStep(Math.max(...values), spread);
  const rounded = (value) => number(toStep(value, fineness));
  // Where nothing is yielded, no line would tell anything.
  const seen = (series) => series?.map((value) => (value > 1e-6 ? value : 0));
  const best = values.indexOf(Math.max(...values));
  const title = `${t('monthly')}${t('colon')}${t('months')[best]} ${kwh(values[best], fineness)}`;
  return h(
    'figure',
    {},
    h('figcaption', {}, t('monthly'), ' (kWh)'),
    bars({ values: seen(values), other: seen(other), names: t('initials'), written: (value) => unit(value, 'kWh'), title }),
    other && h('p', { class: 'note' }, t('outlined')),
    numbersTable(
      t('monthly'),
      [t('month'), ...(other ? [t('kwhAsIs'), t('kwhChanged')] : ['kWh'])],
      values.map((value, m) => [t('months')[m], rounded(value), ...(other ? [rounded(other[m])] : [])]),
    ),
  );
}

/**
 * Rose of the horizon: obstacles grow from the rim inwards (the zenith is the middle), losses stand outside the rim.
 * `sectorLoss` is null where there is no table to tell it.
 */
export function horizonRose(horizon, sectorLoss, { tilt, azimuth }) {
  const n = horizon.length;
  const rim = 78;
  const middle = 130;
  const width = (2 * Math.PI) / n;
  const at = (radius, angle) => `${(middle + radius * Math.sin(angle)).toFixed(2)} ${(middle - radius * Math.cos(angle)).toFixed(2)}`;
  const wedge = (inner, outer, k, share = 0.5) => {
    const [a, b] = [width * (k - share), width * (k + share)];
    return `M${at(inner, a)}L${at(outer, a)}A${outer} ${outer} 0 0 1 ${at(outer, b)}L${at(inner, b)}A${inner} ${inner} 0 0 0 ${at(inner, a)}Z`;
  };
  const worst = Math.max(...(sectorLoss ?? []), 0);
  const scale = worst > 0 ? 30 / worst : 0;
  const sky = (elevation) => rim * (1 - Math.min(elevation, 90) / 90);
  const picture = s(
    'svg',
    { viewBox: '0 0 260 260', role: 'img', 'aria-label': sectorLoss ? `${t('rose')}${t('colon')}${percent(sectorLoss.reduce((a, b) => a + b, 0))}` : t('rose'), class: 'rose' },
    s('circle', { cx: middle, cy: middle, r: rim, class: 'sky' }),
    horizon.map((elevation, k) => elevation > 0.2 && s('path', { d: wedge(sky(elevation), rim, k), class: 'obstacle' })),
    [30, 60].map((elevation) => [
      s('circle', { cx: middle, cy: middle, r: sky(elevation), class: 'ring' }),
      s('text', { x: middle, y: middle - sky(elevation) + 9, 'text-anchor': 'middle', class: 'small' }, `${elevation}°`),
    ]).flat(),
    (sectorLoss ?? []).map((loss, k) => loss > 0.0002 && s('path', { d: wedge(rim + 2, rim + 2 + loss * scale, k, 0.42), class: 'loss' })),
    t('compass').map((name, k) => {
      const [x, y] = at(k % 2 ? 120 : 121, (k * Math.PI) / 4).split(' ');
      return s('text', { x, y: Number(y) + 4, 'text-anchor': 'middle', class: k % 2 ? 'small' : '' }, name);
    }),
    tilt >= FLAT && s('path', { d: `M${at(0, 0)}L${at(26, (azimuth * Math.PI) / 180)}`, class: 'facing' }),
    tilt >= FLAT && s('circle', { cx: middle, cy: middle, r: 3, class: 'facing' }),
  );
  const groups = Array.from({ length: 12 }, (_, g) => {
    const members = Array.from({ length: n }, (_, k) => k).filter((k) => Math.round((k * 12) / n - 0.001) % 12 === g);
    return [
      `${g * 30}°`,
      unit(Math.max(...members.map((k) => horizon[k])), '°', 0),
      ...(sectorLoss ? [percent(members.reduce((sum, k) => sum + sectorLoss[k], 0))] : []),
    ];
  });
  return h(
    'figure',
    {},
    h('figcaption', {}, t('rose')),
    picture,
    h('p', { class: 'note' }, t('roseHelp')),
    numbersTable(t('rose'), [t('direction'), t('obstacle'), ...(sectorLoss ? [t('loss')] : [])], groups),
  );
}
