import assert from 'node:assert/strict';
import test from 'node:test';
import { columnsOf, variablesOf } from '../shared/model.js';
import { hashOf, keepValues, parameters, valuesFrom } from '../shared/url_state.js';

const columns = columnsOf([
  { name: 'surge', unit: 'm', low: 0, high: 4, default: 1 },
  { name: 'kind', unit: '1', low: 0, high: 1, choices: ['low', 'high'] },
  { name: 'rain', unit: 'mm', low: 0, high: 9, default: 0, dims: ['hour'], coords: { hour: [0, 1, 2] } },
]);
const scenarios = [
  { name: 'storm', values: { surge: 2.5, kind: 'high', rain: 3 }, source: 'assumed' },
  { name: 'today', values: {}, source: 'measured' },
];
const model = { columns, variables: variablesOf(columns), scenarios };
const read = (hash) => valuesFrom(model, parameters(hash));

test('values that differ from the start are kept in the address and read back, whatever else it holds', () => {
  const values = { surge: 2.5, kind: 1, 'rain[1]': 0.1 };
  const hash = hashOf(keepValues(model, values, parameters('#lang=fr&surge=9')));
  assert.equal(hash, '#lang=fr&surge=2.5&kind=1&rain=0,0.1,0');
  assert.deepEqual(read(hash), { surge: 2.5, kind: 1, 'rain[0]': 0, 'rain[1]': 0.1, 'rain[2]': 0 });
});

test('what stands at its start leaves the address', () => {
  assert.equal(String(keepValues(model, { surge: 1 }, parameters('#surge=3&rain=1,2,3&roof=7'))), 'roof=7');
});

test('what is no number, no choice or of another length is left out; what is out of bounds is not', () => {
  assert.deepEqual(read('#surge=high&kind=2&rain=1,2'), {});
  assert.deepEqual(read('#surge=&kind=0.5&rain=1,,3'), { 'rain[0]': 1, 'rain[2]': 3 });
  assert.deepEqual(read('#surge=Infinity'), {});
  assert.deepEqual(read('#surge=-7'), { surge: -7 });
  assert.deepEqual(read(''), {});
});

test('a scenario stands in the address by its name, and what is told after it counts', () => {
  const storm = { surge: 2.5, kind: 1, 'rain[0]': 3, 'rain[1]': 3, 'rain[2]': 3 };
  assert.equal(String(keepValues(model, storm, parameters('#lang=fr&surge=9'))), 'lang=fr&scenario=storm');
  assert.deepEqual(read('#lang=fr&scenario=storm'), storm);
  assert.deepEqual(read('#scenario=storm&surge=2'), { ...storm, surge: 2 });
  assert.deepEqual(read('#scenario=other&surge=2'), { surge: 2 });
  assert.equal(hashOf(keepValues(model, { ...storm, surge: 2 }, parameters('#scenario=storm'))), '#surge=2&kind=1&rain=3,3,3');
  assert.equal(String(keepValues(model, {}, parameters('#scenario=storm'))), ''); // also where a scenario sets nothing
});
