/** What is told about the chosen roof. */
import { decodeHorizon } from '../geo/horizon.js';
import { h } from '../shared/dom.js';
import { day, percent, t, told, unit } from '../shared/i18n.js';
import { toStep } from '../shared/rounding.js';
import { carbonFact } from './carbon.js';
import { FLAT, horizonRose, monthlyBars } from './charts.js';
import { planOf, saveCsv, saveGeojson } from './exports.js';
import { planeNumber } from './roofs.js';
import { kwh, kwp, rangeOf, spreadOf, yearStep } from './yields.js';

const sum = (planes, name) => planes.reduce((total, plane) => total + (plane.properties[name] ?? 0), 0);
const classMark = (cadastre, k) =>
  h('span', { class: 'swatch', style: `background:${cadastre.classes[k - 1]?.colour ?? '#b9bec5'}`, 'aria-hidden': 'true' });

const compassName = (azimuth) => t('compass')[Math.round(azimuth / 45) % 8];
const facing = (p) => (p.tilt_deg < FLAT ? `—\u00a0(${t('flat')})` : `${unit(p.azimuth_deg, '°')}\u00a0${compassName(p.azimuth_deg)}`);
const monthlyOf = (p) => Array.from({ length: 12 }, (_, m) => p[`yield_${String(m + 1).padStart(2, '0')}_kwh`] ?? 0);

/** Yearly yield of a building, which its own record tells without the rounding of its planes, and the spread of all planes. */
const wholeYield = (building) => building.properties.yield_kwh ?? sum(building.planes, 'yield_kwh');
const wholeSpread = ({ planes }) => spreadOf(Object.fromEntries(['yield_kwh', 'yield_p10_kwh', 'yield_p90_kwh'].map((name) => [name, sum(planes, name)])));
export const toldYield = (building) => kwh(wholeYield(building), yearStep(wholeYield(building), wholeSpread(building)));
/** P10–P90 as it is told of a power: how much of it fits is not counted there. */
const rangeTold = (yearly, spread) => `${t('range', ...rangeOf(yearly, spread))}, ${t('forPower')}`;
/** Yield of a plane as it is told everywhere on the page. */
export const planeYield = ({ properties: p }) => kwh(p.yield_kwh, yearStep(p.yield_kwh, spreadOf(p)));

export function summary(cadastre, building, chosen) {
  const { planes } = building;
  const spread = wholeSpread(building);
  return h(
    'div',
    { class: 'summary' },
    h('p', { class: 'headline' }, h('strong', {}, toldYield(building)), ` ${t('perYear')}`),
    h('p', {}, `${unit(sum(planes, 'power_kwp'), kwp(), 1)} · ${unit(sum(planes, 'usable_area_m2'), 'm²')} (${t('usable').toLowerCase()})`),
    planes.length > 1 && spread && h('p', { class: 'note' }, rangeTold(wholeYield(building), spread)),
    planOf(cadastre, building, chosen),
  );
}

export function planeList(cadastre, building, chosen, onChoose) {
  return h(
    'fieldset',
    { class: 'planes' },
    h('legend', {}, `${t('planes')} (${building.planes.length})`),
    h('p', { class: 'note' }, t('azimuthNote')),
    building.planes.map((plane) => {
      const p = plane.properties;
      return h(
        'label',
        { class: 'plane' },
        h('input', { type: 'radio', name: 'plane', value: p.plane_id, checked: plane === chosen, onchange: () => onChoose(plane) }),
        classMark(cadastre, p.class),
        h('span', {}, `${t('plane')} ${planeNumber(building, plane)}`),
        h('span', { class: 'strong' }, planeYield(plane)),
        h('span', { class: 'plane-more' },
          `${p.usable_area_m2 > 0 ? t('usableOf', unit(p.usable_area_m2, 'm²')) : t('noUsable')} · ${t('tilt').toLowerCase()} ${unit(p.tilt_deg, '°')} · ${t('azimuth').toLowerCase()} ${facing(p)}`),
      );
    }),
  );
}

/** `several`: whether the roof has other planes. */
export function planeFacts(cadastre, plane, several) {
  const p = plane.properties;
  const spread = spreadOf(p);
  const specific = p.power_kwp > 0 ? p.yield_kwh / p.power_kwp : 0;
  const facts = [
    [t('yield'), planeYield(plane), spread && rangeTold(p.yield_kwh, spread)],
    [t('power'), unit(p.power_kwp, kwp(), 1), p.power_kwp > 0 && t(p.tilt_deg < FLAT ? 'powerFlat' : 'powerOf', unit(p.power_kwp / p.usable_area_m2, `${kwp()}/m²`, 2))],
    [t('specific'), specific > 0 ? unit(toStep(specific, yearStep(specific, spread)), `kWh/${kwp()}`) : '—'],
    [t('class'), [classMark(cadastre, p.class), ` ${t('classOf', p.class)}`], told(cadastre.classes[p.class - 1]?.label)],
    [t('irradiation'), unit(toStep(p.irradiation, 10), 'kWh/m²')],
    [t('shading'), percent(p.shading_loss)],
    [t('area'), unit(p.area_m2, 'm²')],
    [t('usable'), unit(p.usable_area_m2, 'm²')],
    [t('tilt'), unit(p.tilt_deg, '°')],
    [t('azimuth'), facing(p)],
    [t('vintage'), day(String(p.vintage || cadastre.vintage || '—'))],
    carbonFact(cadastre.co2, p.co2_avoided_kg),
  ];
  return [
    h('dl', { class: 'facts' }, facts.map(([name, value, note]) => h('div', {}, h('dt', {}, name), h('dd', {}, value, note && h('small', {}, note))))),
    h('div', { id: 'why' }),
    h('details', { class: 'reading no-print' },
      h('summary', {}, t('howRead')),
      h('p', { class: 'note' }, `P10–P90${t('colon')}${t('rangeHelp')} ${several ? `${t('rangeSum')} ` : ''}${t('roundedHelp')}`),
      h('p', { class: 'note' }, `CO₂e${t('colon')}${told(cadastre.co2.meaning)}`),
      h('p', { class: 'note' }, `${t('co2Source')}${t('colon')}${told(cadastre.co2.source)}.`)),
  ];
}

/** Charts of a plane; `sectorLoss` tells what each direction takes, null where nothing tells it; `changed` holds monthly kWh of the changed installation, if it was changed. */
export function charts(cadastre, plane, options, sectorLoss, changed, horizon) {
  const p = plane.properties;
  const stored = horizon ?? decodeHorizon(p.horizon, cadastre.horizon.step_deg);
  return [
    monthlyBars(monthlyOf(p), changed, spreadOf(p)),
    horizonRose(stored, sectorLoss, options),
  ];
}

export function takeAway(building) {
  return h(
    'section',
    { 'aria-labelledby': 'take-title', class: 'take no-print' },
    h('h3', { id: 'take-title' }, t('take')),
    h('button', { type: 'button', onclick: () => saveCsv(building) }, t('csv')),
    h('button', { type: 'button', onclick: () => saveGeojson(building) }, t('geojson')),
    h('button', { type: 'button', onclick: () => window.print() }, t('print')),
  );
}
