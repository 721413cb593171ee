/** The controls of an installation and the two answers beside each other. */
import { choiceList, slider } from '../shared/controls.js';
import { h } from '../shared/dom.js';
import { bytes, number, percent, signed, t, told, unit } from '../shared/i18n.js';
import { toStep, withDigits } from '../shared/rounding.js';
import { kwh, kwp, rangeOf, yearStep } from './yields.js';

/** Digits that show whether two answers agree: more than the yield is known to. */
const COMPARED = 5;

const FIELDS = [
  { name: 'tilt', input: 'tilt_deg', step: 1, decimals: 0, unit: '°' },
  { name: 'azimuth', input: 'azimuth_deg', step: 1, decimals: 0, unit: '°' },
  { name: 'power', step: 0.1, decimals: 1 },
  { name: 'ratio', input: 'dc_ac_ratio', step: 0.01, decimals: 2, unit: '' },
];

/** `state.options` is changed in place; `onChange` is called after each change. */
export function changeForm(cadastre, state, original, onChange) {
  const controls = FIELDS.map((field) => {
    const bounds = cadastre.inputs.find((input) => input.name === field.input);
    const low = bounds?.low ?? 0.1;
    const high = bounds?.high ?? Math.max(Math.ceil(original.power * 2), 3);
    const inWords = (value) => unit(value, field.name === 'power' ? kwp() : field.unit, field.decimals);
    const output = h('output', { for: `change-${field.name}` }, inWords(state.options[field.name]));
    const { element, show: move } = slider({
      id: `change-${field.name}`, low, high, step: field.step, value: state.options[field.name], told: inWords,
      'aria-describedby': field.name === 'azimuth' ? 'azimuth-note' : null,
      onInput: (value) => {
        state.options[field.name] = value;
        show();
        onChange();
      },
    });
    const show = () => {
      move(state.options[field.name]);
      output.textContent = inWords(state.options[field.name]);
    };
    return { show, row: h('div', { class: 'control' }, h('label', { for: element.id }, t(field.name)), output, element) };
  });
  const choices = cadastre.inputs.find((input) => input.name === 'mounting')?.choices ?? ['open_rack', 'close_mount', 'insulated_back'];
  const names = choices.map((name) => t('mountings')[name] ?? name);
  const mounting = choiceList('change-mounting', names, state.options.mounting, (chosen) => { state.options.mounting = chosen; onChange(); });
  const reset = () => {
    state.options = { ...original };
    controls.forEach((control) => control.show());
    mounting.value = String(original.mounting);
    onChange();
  };
  return h(
    'form',
    { class: 'change', onsubmit: (event) => event.preventDefault() },
    controls.map((control) => control.row),
    h('p', { class: 'note', id: 'azimuth-note' }, t('azimuthNote')),
    h('div', { class: 'control' }, h('label', { for: 'change-mounting' }, t('mounting')), mounting),
    h('button', { type: 'button', onclick: reset }, t('reset')),
  );
}

/** The installation as changed in one sentence, for the printed sheet; `yearly` is its yield [kWh]. */
export function changedTold(cadastre, options, obstacles, yearly, spread, gain) {
  const choices = cadastre.inputs.find((input) => input.name === 'mounting')?.choices ?? [];
  const parts = [
    ...FIELDS.map((field) => `${lower(t(field.name))} ${unit(options[field.name], field.name === 'power' ? kwp() : field.unit, field.decimals)}`),
    `${lower(t('mounting'))} ${t('mountings')[choices[options.mounting]] ?? ''}`,
    obstacles && `${lower(t('obstacles'))}${t('colon')}${obstacles}`,
  ];
  return h('p', { class: 'changed-told' }, h('strong', {}, `${t('asChanged')}${t('colon')}${kwh(yearly, yearStep(yearly, spread))} ${t('perYear')}`),
    gain === null ? '' : ` (${signed(gain)})`, ` – ${parts.filter(Boolean).join(', ')}.`);
}

const lower = (text) => text[0].toLowerCase() + text.slice(1);

/** Both answers as a table; `answers` holds `table` and `model` once there are; `gain` is the change against the roof as it is. */
export function answersTable(cadastre, answers, power, gain, { onRun, running, failed, spread }) {
  const { table, model } = answers;
  const best = model ?? table;
  const both = table && model;
  const yieldOf = ({ yearly }) => (both ? withDigits(yearly * power, COMPARED) : number(toStep(yearly * power, yearStep(yearly * power, spread))));
  const row = (name, answer, size) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      answer
        ? [
            h('td', { class: 'strong' }, yieldOf(answer)),
            h('td', {}, bytes(size)),
            h('td', {}, answer.ms < 1 ? `${number(answer.ms, 2)}\u00a0ms` : unit(answer.ms, 'ms', 1)),
          ]
        : h('td', { colSpan: 3 }, running ? t('running') : t('notRun')),
    );
  const { script } = cadastre.model;
  const modelBytes = script ? script.bytes : cadastre.model.bytes + cadastre.model.runtime_bytes;
  return [
    h(
      'table',
      { class: 'answers' },
      h('caption', {}, t('answersBy')),
      h('thead', {}, h('tr', {}, [t('way'), 'kWh', t('bytes'), t('time')].map((head) => h('th', { scope: 'col' }, head)))),
      h(
        'tbody',
        {},
        cadastre.table && row(t('table'), table, cadastre.table.bytes),
        row([t(script ? 'modelInPage' : 'model'), h('small', {}, told(cadastre.model.label))], model, modelBytes),
      ),
    ),
    best && spread && h('p', {}, t('range', ...rangeOf(best.yearly * power, spread)), h('small', {}, t('rangeSame'))),
    gain !== null && h('p', {}, t('versus', signed(gain))),
    both && h('p', {}, t('difference', percent(Math.abs(model.yearly - table.yearly) / Math.max(model.yearly, 1e-9), 2)), h('small', {}, t('digitsHelp'))),
    model && !model.inDomain && h('p', { class: 'warning' }, t('outside')),
    !cadastre.table && !model && h('p', {}, t('noTable')),
    failed && h('p', { class: 'warning' }, `${t('failed', t('theModel'))} ${t('failedHelp')}`),
    !model && h('button', { type: 'button', onclick: onRun, disabled: Boolean(running) }, t('run', bytes(modelBytes))),
  ];
}
