import assert from 'node:assert/strict';
import test from 'node:test';
import { inputRow } from '../cadastre/estimate.js';
import { answerOf, columnsOf, definedValues, elementOf, modelOf, outOfBounds, rowOf, startOf, variablesOf } from '../shared/model.js';
import { metadataOf } from '../shared/onnx_metadata.js';

const utf8 = (text) => new TextEncoder().encode(text);
const varint = (value) => {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
};
/** A field of a Protocol Buffers message: bytes with their length. */
const field = (number, content) => [...varint(number * 8 + 2), ...varint(content.length), ...content];
const onnx = (metadata) =>
  Uint8Array.from([
    ...varint(1 * 8), ...varint(8), // ir_version
    ...field(7, new Uint8Array(70_000).fill(0x72)), // a graph, which holds what looks like metadata
    ...field(8, [...varint(2 * 8), ...varint(17)]), // opset_import
    ...Object.entries(metadata).flatMap(([key, value]) => field(14, [...field(1, utf8(key)), ...field(2, utf8(value))])),
  ]);

const angles = Array.from({ length: 36 }, (_, k) => String(10 * k).padStart(3, '0'));
const plain = { unit: 'deg', low: 0, high: 85, default: 0, choices: [], period: null };
const sector = (name, angle) => ({ ...plain, name, label: { en: `Elevation of obstacles toward ${Number(angle)}°`, fr: `Hauteur des obstacles vers ${Number(angle)}°` } });
const before = { name: 'tilt_deg', unit: 'deg', low: 0, high: 60, label: { en: 'Tilt', fr: 'Inclinaison' }, default: null, choices: [] };
const after = [
  { name: 'albedo', unit: '1', low: 0.1, high: 0.4, default: 0.2, choices: [] },
  { name: 'mounting', unit: '1', low: 0, high: 2, default: null, choices: ['open_rack', 'close_mount', 'insulated_back'] },
];
const SPELLINGS = {
  'horizon_090_deg': [before, ...angles.map((angle) => sector(`horizon_${angle}_deg`, angle)), ...after],
  'horizon_deg[090]': [before, ...angles.map((angle) => sector(`horizon_deg[${angle}]`, angle)), ...after],
  'a vector with its coordinates': [
    before,
    { ...plain, name: 'horizon_deg', dims: ['direction'], coords: { direction: angles }, label: { en: 'Elevation of obstacles toward {direction}°', fr: 'Hauteur des obstacles vers {direction}°' } },
    ...after,
  ],
};

test('metadata are read from the bytes of an ONNX file, whatever its graph holds', () => {
  assert.deepEqual(metadataOf(onnx({ 'frugal.candidate': 'linear', 'frugal.study': 'é'.repeat(300) })), { 'frugal.candidate': 'linear', 'frugal.study': 'é'.repeat(300) });
  assert.deepEqual(metadataOf(new Uint8Array()), {});
  assert.throws(() => metadataOf(utf8('<!DOCTYPE html><title>404</title>')), /not an ONNX file/);
  assert.throws(() => metadataOf(onnx({ a: 'b' }).subarray(0, 60_000)), /ends too early/);
});

for (const [spelling, inputs] of Object.entries(SPELLINGS)) {
  test(`a vector of inputs is found, spelt as ${spelling}`, () => {
    const columns = columnsOf(inputs);
    assert.equal(columns.length, 39);
    const variables = variablesOf(columns);
    assert.deepEqual(variables.map(({ name }) => name), ['tilt_deg', 'horizon_deg', 'albedo', 'mounting']);
    assert.deepEqual(variables[1].elements, angles);
    assert.deepEqual(variables[1].label, { en: 'Elevation of obstacles toward …', fr: 'Hauteur des obstacles vers …' });
    assert.equal(variables[0].elements, null);
  });

  test(`the cadastre fills the columns of the horizon, spelt as ${spelling}`, () => {
    const horizon = angles.map((_, k) => k / 2);
    const row = inputRow(inputs, { tilt: 30, azimuth: 180, albedo: 0.25, ratio: 1.2, mounting: 2, horizon });
    assert.deepEqual(Array.from(row), [30, ...horizon, Math.fround(0.25), 2]);
  });
}

test('a few numbered columns are no vector, and names that only look like one are none', () => {
  const columns = ['layer_01_depth', 'layer_02_depth', 'x0', 'x1', 'storm_1'].map((name) => ({ name, unit: 'm', low: 0, high: 1, label: {}, choices: [] }));
  assert.equal(variablesOf(columns).length, 5);
  assert.equal(elementOf('peak_level'), null);
  assert.deepEqual(elementOf('rain[03,north]'), { vector: 'rain', element: '03,north', marked: true });
});

test('defaults of a vector are spread over its elements, the last dimension fastest', () => {
  const [first, ...others] = columnsOf([{ name: 'rain', unit: 'mm', low: 0, high: 9, default: [1, 2, 3, 4], dims: ['hour', 'side'], coords: { hour: [0, 1], side: ['n', 's'] }, label: { en: 'Rain' } }]);
  assert.equal(first.name, 'rain[0,n]');
  assert.equal(first.label.en, 'Rain [0, n]');
  assert.deepEqual(others.map(({ name, default: value }) => [name, value]), [['rain[0,s]', 2], ['rain[1,n]', 3], ['rain[1,s]', 4]]);
});

test('a column starts at its default, else at its first choice or in the middle', () => {
  const columns = columnsOf(SPELLINGS['horizon_090_deg']);
  assert.equal(startOf(columns[0]), 30);
  assert.equal(startOf(columns.at(-2)), 0.2);
  assert.equal(startOf(columns.at(-1)), 0);
  const row = rowOf(columns, { tilt_deg: 61, mounting: 1 });
  assert.equal(row[0], 61);
  assert.equal(row.at(-1), 1);
  assert.deepEqual(outOfBounds(columns, { tilt_deg: 61 }).map(({ name }) => name), ['tilt_deg']);
  assert.deepEqual(outOfBounds(columns, { tilt_deg: 60 }), []);
});

test('a graph of frugal tells its study; another file is refused', () => {
  const study = {
    name: 'any', title: { en: 'Any?' }, hash: 'ab', inputs: [before],
    outputs: [
      { name: 'depth', unit: 'm', dims: ['y', 'x'], coords: { y: [2, 1], x: [1, 2, 3] }, valid_above: 0.05 },
      { name: 'arrival', unit: 's', dims: ['y', 'x'], coords: { y: [2, 1], x: [1, 2, 3] }, wet_where: 'depth', dry_value: 9 },
      { name: 'speed', unit: 'm/s', dims: ['y', 'x'], coords: { y: [2, 1], x: [1, 2, 3] }, defined_where: 'depth', fill_value: 0 },
    ],
  };
  const model = modelOf(onnx({ 'frugal.study': JSON.stringify(study), 'frugal.candidate': 'linear', 'frugal.interval_level': '0.9' }));
  assert.equal(model.level, 0.9);
  assert.equal(model.candidate, 'linear');
  assert.deepEqual(model.outputs[0].shape, [2, 3]);
  assert.deepEqual(model.outputs.map(({ fill }) => fill), [null, 9, 0]);
  assert.deepEqual(model.outputs.map(({ validAbove }) => validAbove), [0.05, null, null]);
  assert.deepEqual(definedValues(model.outputs[0], [0, Math.fround(0.05), 0.06]), [NaN, NaN, 0.06]);
  assert.deepEqual(definedValues(model.outputs[1], [9, 8, 0]), [NaN, 8, 0]);
  assert.throws(() => modelOf(onnx({ other: 'x' })), /not an answer of frugal/);
});

test('an answer holds values, intervals that have a width, and whether the model knows the place', () => {
  const outputs = [{ name: 'y' }, { name: 'z' }];
  const tensor = (...data) => ({ data: Float32Array.from(data) });
  const told = { y: tensor(1, 2), y_lower: tensor(0, 2), y_upper: tensor(2, 2), z: tensor(3), z_lower: tensor(3), z_upper: tensor(3), in_domain: { data: Uint8Array.of(0) } };
  assert.deepEqual(answerOf(outputs, told), {
    values: { y: { value: [1, 2], lower: [0, 2], upper: [2, 2] }, z: { value: [3], lower: null, upper: null } },
    inDomain: false,
  });
});
