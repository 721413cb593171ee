/** Scenarios of a study: named values of its inputs, which one press sets. */
import { plainName } from './controls.js';
import { h } from './dom.js';
import { addWords, t, told } from './i18n.js';
import { startOf } from './model.js';

addWords({
  en: { scenarios: 'Scenarios' },
  fr: { scenarios: 'Scénarios' },
});

const scenarioName = ({ label, name }) => told(label) || plainName(name);

/** A number of a column from what a scenario gives: a number, or a choice by its name. */
function numberOf(column, value) {
  const choice = column.choices?.indexOf(value) ?? -1;
  return choice >= 0 ? choice : Number(value);
}

/** Values by column that a scenario sets: of vectors one for all elements or one for each, and single elements after them. */
export function scenarioValues({ columns, variables }, { values: given }) {
  const values = {};
  for (const variable of variables) {
    if (!(variable.name in given)) continue;
    const one = given[variable.name];
    const all = Array.isArray(one) ? one.flat(Infinity) : variable.columns.map(() => one);
    variable.columns.forEach((column, k) => (values[column.name] = numberOf(column, all[k])));
  }
  const vectors = new Set(variables.map(({ name }) => name));
  for (const column of columns) if (column.name in given && !vectors.has(column.name)) values[column.name] = numberOf(column, given[column.name]);
  return values;
}

/** Whether the columns are set as a scenario sets them, the others as at the start. */
export function isSet(model, scenario, values) {
  const wanted = scenarioValues(model, scenario);
  return model.columns.every((column) => (values[column.name] ?? startOf(column)) === (wanted[column.name] ?? startOf(column)));
}

/** A button for each scenario, with the source of its values; `show()` tells anew which of them is set. */
export function scenarioButtons(model, values, onChoose) {
  const buttons = model.scenarios.map((scenario) => {
    const id = `scenario-${scenario.name}`;
    return h('button', { type: 'button', id, 'aria-describedby': `${id}-source`, onclick: () => onChoose(scenarioValues(model, scenario)) }, scenarioName(scenario));
  });
  const show = () => model.scenarios.forEach((scenario, k) => buttons[k].setAttribute('aria-pressed', String(isSet(model, scenario, values))));
  show();
  const row = buttons.length > 0 && h('fieldset', { class: 'scenarios' }, h('legend', {}, t('scenarios')),
    model.scenarios.map(({ name, source }, k) => h('div', {}, buttons[k], h('small', { id: `scenario-${name}-source` }, source))));
  return { row, show };
}
