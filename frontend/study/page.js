/** Draws the page of a study: what is asked on one side, the answer on the other. */
import { inputControls, plainName } from '../shared/controls.js';
import { byId, h } from '../shared/dom.js';
import { bytes, language, percent, t, told } from '../shared/i18n.js';
import { languageButtons, speak } from '../shared/languages.js';
import { outOfBounds } from '../shared/model.js';
import { outputName, scalarTold } from '../shared/outputs.js';
import { scenarioButtons } from '../shared/scenarios.js';
import { highestTold, outputFigure, pictureOf } from '../shared/series.js';

const titleOf = (model) => told(model.title) || plainName(model.name);

/** The page in the language of the moment; `state.values` is changed by its controls, and then `onChange` is called. */
export function drawPage(state, { onChange, onLanguage }) {
  const { model } = state;
  document.title = titleOf(model);
  const changed = () => {
    scenarios.show();
    onChange();
  };
  const controls = inputControls(model, state.values, changed);
  /** All values at once; what is left out is as at the start. */
  const set = (values) => {
    for (const name of Object.keys(state.values)) delete state.values[name];
    Object.assign(state.values, values);
    controls.show();
    changed();
  };
  const scenarios = scenarioButtons(model, state.values, set);
  byId('page').replaceChildren(
    h('a', { class: 'skip', href: '#asked', onclick: (event) => { event.preventDefault(); byId('asked').focus(); } }, t('skip')),
    h('header', { id: 'head' },
      h('div', { class: 'name' }, h('p', { class: 'kicker' }, t('kicker')), h('h1', {}, titleOf(model))),
      languageButtons((chosen) => {
        speak(chosen);
        onLanguage();
        drawPage(state, { onChange, onLanguage });
        byId('head').querySelector(`[lang=${language()}]`).focus();
      })),
    h('main', {},
      h('section', { id: 'answer', 'aria-labelledby': 'answered' }, h('h2', { id: 'answered' }, t('answered')), h('div', { id: 'numbers' })),
      h('form', { 'aria-labelledby': 'asked', onsubmit: (event) => event.preventDefault() },
        h('h2', { id: 'asked', tabIndex: -1 }, t('asked')),
        scenarios.row,
        controls.rows,
        h('button', { type: 'button', id: 'reset', onclick: () => set({}) }, t('reset'))),
      h('div', { id: 'pictures' })),
    footer(state),
    h('div', { id: 'said', class: 'hidden', role: 'status', 'aria-live': 'polite' }));
  drawAnswer(state);
}

function footer({ model }) {
  const sources = model.sources.map(told);
  return h('footer', { id: 'foot' },
    h('details', {},
      h('summary', {}, t('about')),
      h('p', {}, t(model.script ? 'computedByItself' : 'computedBy', model.candidate, bytes(model.bytes)), ' ', h('a', { href: 'assets/licences.txt' }, t('licences')), '.'),
      sources.length > 0 && h('p', {}, `${t('sources')}${t('colon')}${sources.join(' · ')}`)));
}

/** Where along its first dimensions, or of which place, an output is shown, by name. */
const chosen = new Map();

/** Whether an output is drawn as lines, of which the highest value can be told. */
const isLines = (output) => output.dims.length > 0 && ['times', 'along'].includes(pictureOf(output));

const share = (model) => percent(model.level, 0);

/** A number of the answer, with what is told of it in small letters. */
const fact = (name, id, text, ...more) =>
  h('div', {}, h('dt', {}, name), h('dd', { id }, h('span', { class: 'told' }, text), more.filter(Boolean).map((sentence) => h('small', {}, sentence))));

/** The answer of the moment: numbers, and pictures of vectors and maps. What somebody has unfolded stays so. */
export function drawAnswer({ model, answer, values }) {
  if (!answer) return byId('numbers').replaceChildren(h('p', { class: 'warning' }, t('noAnswer')));
  const scalars = model.outputs.filter((output) => !output.dims.length);
  const others = model.outputs.filter((output) => output.dims.length);
  const beyond = outOfBounds(model.columns, values).map((column) => told(column.label) || plainName(column.name));
  byId('numbers').replaceChildren(
    h('dl', { class: 'facts' },
      scalars.map((output) => {
        const { text, interval } = scalarTold(output, answer.values[output.name], share(model));
        return fact(outputName(output), `output-${output.name}`, text, interval);
      }),
      // without any number of its own, the answer is told by where its lines are highest
      !scalars.length && model.outputs.filter(isLines).map((output) => {
        const { text, where, interval } = highestTold(output, answer.values[output.name], share(model));
        return fact(t('highestOf', outputName(output)), `highest-${output.name}`, text, where, interval);
      })),
    answer.inDomain ? '' : h('p', { class: 'warning', id: 'outside' }, t('outside'), beyond.length ? ` ${t('beyond', beyond.join(', '))}` : ''));
  const unfolded = new Set([...document.querySelectorAll('#pictures > div')].filter((box) => box.querySelector('details')?.open).map((box) => box.id));
  byId('pictures').replaceChildren(
    ...others.map((output) => {
      const told = answer.values[output.name];
      const box = h('div', { id: `output-${output.name}` }, outputFigure(output, told, share(model), chosen));
      if (unfolded.has(box.id)) box.querySelector('details').open = true;
      return box;
    }));
}

/** The answer for those who do not see it change. */
export function spoken({ model, answer }) {
  if (!answer) return t('noAnswer');
  const [first] = model.outputs.filter((output) => !output.dims.length);
  const lines = model.outputs.find(isLines);
  const told = first ? `${outputName(first)}${t('colon')}${scalarTold(first, answer.values[first.name], share(model)).text}. `
    : lines ? `${outputName(lines)}${t('colon')}${highestTold(lines, answer.values[lines.name], share(model)).sentence}. ` : `${t('answered')}. `;
  return `${told}${answer.inDomain ? '' : t('outside')}`;
}
