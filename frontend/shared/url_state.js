/** What a page keeps in the part of its address after #, which no server sees. */
import { startOf } from './model.js';

export const parameters = (hash) => new URLSearchParams(hash.replace(/^#/, ''));

/** Commas need no escape there, and an address is read by people. */
export const hashOf = (kept) => `#${String(kept).replaceAll('%2C', ',')}`;

/** Values by column that an address gives; what is no number, no choice or of the wrong length is left out. */
export function valuesFrom(model, kept) {
  const values = {};
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

/** Puts the values that differ from the start into `kept`, a variable at a time, and takes the others out. */
export function keepValues(model, values, kept) {
  for (const { name, columns } of model.variables) {
    const told = columns.map((column) => values[column.name] ?? startOf(column));
    if (columns.every((column, k) => told[k] === startOf(column))) kept.delete(name);
    else kept.set(name, told.join(','));
  }
  return kept;
}
