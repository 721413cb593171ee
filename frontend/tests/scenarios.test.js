import assert from 'node:assert/strict';
import test from 'node:test';
import { columnsOf, variablesOf } from '../shared/model.js';
import { isSet, scenarioValues } from '../shared/scenarios.js';

const columns = columnsOf([
  { name: 'surge', unit: 'm', low: 0, high: 4, default: 1 },
  { name: 'kind', unit: '1', low: 0, high: 2, choices: ['low', 'middle', 'high'] },
  { name: 'rain', unit: 'mm', low: 0, high: 9, default: 0, dims: ['hour', 'side'], coords: { hour: [0, 1], side: ['n', 's'] } },
]);
const model = { columns, variables: variablesOf(columns) };
const values = (given) => scenarioValues(model, { values: given });

test('a scenario sets numbers, choices by name or number, and vectors at once, one by one and after that singly', () => {
  assert.deepEqual(values({ surge: 2, kind: 'high' }), { surge: 2, kind: 2 });
  assert.deepEqual(values({ kind: 1 }), { kind: 1 });
  assert.deepEqual(values({ rain: 3, 'rain[1,n]': 4 }), { 'rain[0,n]': 3, 'rain[0,s]': 3, 'rain[1,n]': 4, 'rain[1,s]': 3 });
  assert.deepEqual(Object.values(values({ rain: [1, 2, 3, 4] })), [1, 2, 3, 4]);
  assert.deepEqual(values({ unknown: 3 }), {});
});

test('a scenario is set where all is as it says, the rest as at the start', () => {
  const storm = { values: { surge: 2, kind: 'high' } };
  assert.equal(isSet(model, storm, { surge: 2, kind: 2 }), true);
  assert.equal(isSet(model, storm, { surge: 2, kind: 2, 'rain[0,n]': 0 }), true);
  assert.equal(isSet(model, storm, { surge: 2, kind: 2, 'rain[0,n]': 1 }), false);
  assert.equal(isSet(model, storm, { surge: 2 }), false);
  assert.equal(isSet(model, { values: {} }, {}), true);
});
