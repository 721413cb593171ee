/** What a page keeps in the part of its address after #, which no server sees. */
import { startOf } from './model.js';
import { isSet, scenarioValues } from './scenarios.js';

export const parameters = (hash) => new URLSearchParams(hash.replace(/^#/, ''));

/** Commas need no escape there, and an address is read by people. */
export const hashOf = (kept) => `#${String(kept).replaceAll('%2C', ',')}`;

/** Values by column that an address gives: those of its scenario, and what it tells after it; what is no number, no choice or of the wrong length is left out. */
export function valuesFrom(model, kept) {
  const scenario = model.scenarios.find(({ name }) => name === kept.get('scenario'));
  const values = scenario ? scenarioValues(model, scenario) : {};
  for (const { name, columns } of model.variables) {
    const parts = kept.get(name)?.split(',') ?? [];
    if (parts.length !== columns.length) continue;
    columns.forEach((column, k) => {
      const value = parts[k].trim() === '' ? NaN : Number(parts[k]);
      if (column.choices.length ? column.choices[value] !== undefined : Number.isFinite(value)) values[column.name] = value;
    });
  }
  return values;
}

/**
 * Puts the values that differ from the start into `kept`, a variable at a time, and takes the others out; where they are those
 * of a scenario its name stands for all.
 */
export function keepValues(model, values, kept) {
  kept.delete('scenario');
  const differs = model.columns.some((column) => (values[column.name] ?? startOf(column)) !== startOf(column));
  for (const { name, columns } of model.variables) {
    const told = columns.map((column) => values[column.name] ?? startOf(column));
    if (columns.every((column, k) => told[k] === startOf(column))) kept.delete(name);
    else kept.set(name, told.join(','));
  }
  const scenario = differs && model.scenarios.find((one) => isSet(model, one, values));
  if (!scenario) return kept;
  for (const { name } of model.variables) kept.delete(name);
  kept.set('scenario', scenario.name);
  return kept;
}
