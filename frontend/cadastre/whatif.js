/** Form for new buildings and trees, and the sentence about their loss. */
import { h } from '../shared/dom.js';
import { number, percent, signed, t, unit } from '../shared/i18n.js';
import { significant } from '../shared/rounding.js';
import { THROUGH_CROWN } from './estimate.js';
import { kwh, yearStep } from './yields.js';

const FIELDS = {
  height: { low: 1, high: 100, step: 0.5, value: 9, unit: 'm' },
  width: { low: 1, high: 200, step: 0.5, value: 12, unit: 'm', of: 'building' },
  depth: { low: 1, high: 200, step: 0.5, value: 9, unit: 'm', of: 'building' },
  crown: { low: 0.5, high: 15, step: 0.5, value: 3, unit: 'm', of: 'tree' },
  distance: { low: 1, high: 200, step: 0.5, value: 12, unit: 'm' },
  toward: { low: 0, high: 360, step: 1, value: 180, unit: '°' },
};

/** `onPlace(values)` puts an obstacle at a distance; `onDraw(values)` starts drawing, where there is a map. */
export function obstacleForm({ canDraw, onPlace, onDraw }) {
  const inputs = {};
  const rows = Object.entries(FIELDS).map(([name, field]) => {
    inputs[name] = h('input', {
      id: `new-${name}`, type: 'number', min: String(field.low), max: String(field.high), step: String(field.step),
      value: String(field.value), required: true, inputMode: 'decimal',
    });
    const label = h('label', { for: `new-${name}` }, `${t(name)} (${field.unit})`);
    return { field, row: h('div', { class: 'field' }, label, inputs[name]) };
  });
  const evergreen = h('input', { id: 'new-evergreen', type: 'checkbox' });
  const leaves = h('div', { class: 'field check' }, evergreen, h('label', { for: 'new-evergreen' }, t('evergreen')));
  const crowns = h('p', { class: 'note' }, t('transmissivity', percent(THROUGH_CROWN.leaf, 0), percent(THROUGH_CROWN.bare, 0)));
  const kind = h('select', { id: 'new-kind', onchange: () => show() }, h('option', { value: 'building' }, t('aBuilding')), h('option', { value: 'tree' }, t('aTree')));
  const drawing = h('button', { type: 'button', id: 'draw-obstacle', onclick: () => form.reportValidity() && onDraw(values()) });
  const show = () => {
    for (const { field, row } of rows) {
      row.hidden = Boolean(field.of) && field.of !== kind.value;
      row.querySelector('input').disabled = row.hidden;
    }
    leaves.hidden = crowns.hidden = kind.value !== 'tree';
    drawing.textContent = t(kind.value === 'tree' ? 'addTree' : 'addBuilding');
  };
  const values = () => ({
    kind: kind.value,
    evergreen: kind.value === 'tree' && evergreen.checked,
    radius: Number(inputs.crown.value),
    azimuth: Number(inputs.toward.value),
    ...Object.fromEntries(['height', 'width', 'depth', 'distance'].map((name) => [name, Number(inputs[name].value)])),
  });
  const form = h(
    'form',
    { class: 'obstacle', onsubmit: (event) => { event.preventDefault(); onPlace(values()); } },
    h('div', { class: 'field' }, h('label', { for: 'new-kind' }, t('kind')), kind),
    rows.map(({ row }) => row),
    leaves,
    crowns,
    h('div', { class: 'buttons' }, h('button', { type: 'submit' }, t('place')), canDraw && drawing),
  );
  show();
  return form;
}

export function obstacleList(obstacles, onRemove) {
  if (!obstacles.length) return null;
  return h(
    'ul',
    { class: 'obstacles', 'aria-label': t('obstacles') },
    obstacles.map((o, k) => {
      const name = o.kind === 'tree' ? t('treeItem', unit(o.height, 'm', 1), unit(o.radius, 'm', 1)) : t('buildingItem', unit(o.height, 'm', 1));
      return h('li', {}, name, ' ', h('button', { type: 'button', 'aria-label': `${t('remove')}${t('colon')}${name}`, onclick: () => onRemove(k) }, t('remove')));
    }),
  );
}

/** The change is told to two digits: it is known better than the yields that it lies between. */
export function lossSentence(before, after, effect, spread) {
  const change = significant(Math.abs(after - before), 2);
  return [
    h('p', { class: 'loss-now' }, t('lossNow', kwh(before, yearStep(before, spread)), unit(change, 'kWh'), Math.sign(after - before) * change, signed(after / Math.max(before, 1e-9) - 1))),
    h('p', { class: 'note' }, t('rays', number(effect.rays), number(effect.ms, 0)), effect.far ? ` ${t('tooFar')}` : ''),
  ];
}
