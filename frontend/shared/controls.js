/** Controls of numbers and choices; those of a whole study are made from its variables. */
import { h } from './dom.js';
import { addWords, brief, t, told, unit, withUnit } from './i18n.js';
import { startOf } from './model.js';
import { decimalsOf, toStep } from './rounding.js';
import { sliderStep } from './scales.js';
import { unitName } from './units.js';

addWords({
  en: {
    bounds: (low, high) => `${low} to ${high}`, elements: (n, least, most) => `${n} values, ${least} to ${most}`, elementsAlike: (n, value) => `${n} values, all ${value}`,
    allAlike: 'All alike', slider: (name) => `${name}, slider`,
  },
  fr: {
    bounds: (low, high) => `${low} à ${high}`, elements: (n, least, most) => `${n} valeurs, ${least} à ${most}`, elementsAlike: (n, value) => `${n} valeurs, toutes ${value}`,
    allAlike: 'Toutes pareilles', slider: (name) => `${name}, curseur`,
  },
});

/** What has no label is called by its name. */
export const plainName = (name) => name.replaceAll('_', ' ');

/** A slider that tells its value in words; `show(value)` moves it without a word to anybody. */
export function slider({ id, low, high, step, value, told: inWords, onInput, ...attributes }) {
  const element = h('input', {
    id, type: 'range', min: String(low), max: String(high), step: String(step), value: String(value), 'aria-valuetext': inWords(value), ...attributes,
    oninput: () => {
      show(Number(element.value));
      onInput(Number(element.value));
    },
  });
  const show = (shown) => {
    element.value = String(shown);
    element.setAttribute('aria-valuetext', inWords(shown));
  };
  return { element, show };
}

/** Choices as a list; `onChange` gets the number of the one chosen. */
export const choiceList = (id, names, chosen, onChange) => {
  const element = h('select', { id, onchange: () => onChange(Number(element.value)) },
    names.map((name, k) => h('option', { value: String(k), selected: k === chosen }, name)));
  return element;
};

/** Digits that a field keeps: those that the graph does. */
const FINEST = 7;
const asField = (value) => String(Number(value.toPrecision(FINEST)));

/** A field with a slider under it. What is typed may lie beyond the bounds: the model tells whether it knows anything there. */
function numberControl({ id, label, low, high, unit: pint, value, onInput }) {
  const step = sliderStep(low, high);
  const named = unitName(pint);
  const inWords = (shown) => unit(toStep(shown, step), named, decimalsOf(step));
  const field = h('input', {
    id, type: 'number', min: String(low), max: String(high), step: 'any', value: asField(value), inputMode: low < 0 ? 'text' : 'decimal', required: true, 'aria-describedby': `${id}-bounds`,
    oninput: () => {
      if (!Number.isFinite(field.valueAsNumber)) return;
      moved.show(field.valueAsNumber);
      onInput(field.valueAsNumber);
    },
    onchange: () => Number.isFinite(field.valueAsNumber) || show(Number(moved.element.value)),
  });
  const moved = slider({
    low, high, step, value, told: inWords, 'aria-label': t('slider', label),
    onInput: (chosen) => {
      // The last step of a slider may end before the bound does.
      const exact = chosen + step > high && high - chosen < step / 2 ? high : toStep(chosen - low, step) + low;
      field.value = asField(exact);
      onInput(exact);
    },
  });
  const show = (shown) => {
    field.value = asField(shown);
    moved.show(shown);
  };
  const row = h('div', { class: 'control' },
    h('label', { for: id }, label),
    h('span', { class: 'quantity' }, field, h('span', { class: 'unit' }, named)),
    moved.element,
    h('small', { id: `${id}-bounds` }, t('bounds', brief(low, FINEST), withUnit(brief(high, FINEST), named))));
  return { row, show };
}

function columnControl(column, label, value, onInput) {
  const id = `input-${column.name}`;
  if (!column.choices.length) return numberControl({ ...column, id, label, value, onInput });
  const list = choiceList(id, column.choices.map(plainName), value, onInput);
  return { row: h('div', { class: 'control' }, h('label', { for: id }, label), list), show: (shown) => (list.value = String(shown)) };
}

/** A vector, folded: its elements one by one, and all of them at once. */
function vectorControl(variable, valueOf, onInput) {
  const [first] = variable.columns;
  const label = told(variable.label) || plainName(variable.name);
  const named = unitName(first.unit);
  const summary = h('small', {});
  const summarise = () => {
    const values = variable.columns.map(valueOf);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const high = withUnit(brief(most), named);
    summary.textContent = least === most ? t('elementsAlike', values.length, high) : t('elements', values.length, brief(least), high);
  };
  const controls = variable.columns.map((column, k) =>
    columnControl(column, told(column.label) || variable.elements[k], valueOf(column), (value) => {
      onInput({ [column.name]: value });
      summarise();
    }));
  const show = () => {
    variable.columns.forEach((column, k) => controls[k].show(valueOf(column)));
    summarise();
  };
  const all = columnControl({ ...first, name: variable.name }, t('allAlike'), valueOf(first), (value) => {
    onInput(Object.fromEntries(variable.columns.map((column) => [column.name, value])));
    show();
  });
  summarise();
  const row = h('details', { class: 'vector' }, h('summary', {}, label, ' ', summary), h('div', { class: 'all-alike' }, all.row), h('div', { class: 'elements' }, controls.map((control) => control.row)));
  return { row, show };
}

/**
 * Controls of all variables of a model. `values` holds what is set by column, and is changed in place; `onChange` is called
 * after each change. `show()` writes the values anew into the controls.
 */
export function inputControls(model, values, onChange) {
  const valueOf = (column) => values[column.name] ?? startOf(column);
  const set = (changed) => {
    Object.assign(values, changed);
    onChange();
  };
  const controls = model.variables.map((variable) => {
    if (variable.elements) return vectorControl(variable, valueOf, set);
    const [column] = variable.columns;
    const control = columnControl(column, told(column.label) || plainName(column.name), valueOf(column), (value) => set({ [column.name]: value }));
    return { row: control.row, show: () => control.show(valueOf(column)) };
  });
  return { rows: controls.map((control) => control.row), show: () => controls.forEach((control) => control.show()) };
}
