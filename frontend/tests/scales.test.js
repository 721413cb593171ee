import assert from 'node:assert/strict';
import test from 'node:test';
import { rampColour } from '../shared/charts.js';
import { boundsWithZero, scale, sliderStep, ticks } from '../shared/scales.js';
import { unitName } from '../shared/units.js';

test('lines of a grid are round numbers between the bounds, a few of them', () => {
  assert.deepEqual(ticks(0, 140), [0, 50, 100]);
  assert.deepEqual(ticks(0, 1000), [0, 500, 1000]);
  assert.deepEqual(ticks(-30, 60), [-25, 0, 25, 50]);
  assert.deepEqual(ticks(0, 0), []);
  for (const [low, high] of [[0, 0.037], [-1e-5, 3e-5], [0, 9.99], [12, 1e6]]) {
    const found = ticks(low, high);
    assert.ok(found.length >= 2 && found.length <= 5, `${found}`);
    assert.ok(found.every((value) => value >= low - 1e-9 && value <= high * (1 + 1e-9)));
  }
});

test('bounds hold zero; values stand in proportion between the ends', () => {
  assert.deepEqual(boundsWithZero([3, 5], [7]), [0, 7]);
  assert.deepEqual(boundsWithZero([-3, -5]), [-5, 0]);
  const y = scale(-10, 30, 100, 20);
  assert.deepEqual([-10, 0, 30].map(y), [100, 80, 20]);
  assert.equal(scale(0, 0, 100, 20)(0), 100);
});

test('a slider has a hundred steps or more, of one, two or five', () => {
  for (const [low, high, step] of [[0, 60, 0.5], [0, 360, 2], [0.1, 0.4, 0.002], [-1, 1, 0.02], [0, 1e-4, 1e-6], [300, 900, 5]]) {
    assert.equal(sliderStep(low, high), step);
  }
});

test('colours go from the least to the most, and no farther', () => {
  assert.deepEqual(rampColour(0), [247, 250, 253]);
  assert.deepEqual(rampColour(1), [8, 48, 107]);
  assert.deepEqual(rampColour(2), rampColour(1));
  assert.deepEqual(rampColour(0.125), [214, 229, 243]);
});

test('units are written by hand', () => {
  assert.deepEqual(
    ['deg', '1', 'm^3', 'm**2', 'mg/L', 'kWh/kW', 'W/m**2', 'm ** 3 / s', 'degC', 'hour', 'kg*m**-3', '1/day'].map(unitName),
    ['°', '', 'm³', 'm²', 'mg/L', 'kWh/kW', 'W/m²', 'm³/s', '°C', 'h', 'kg·m⁻³', '1/day'],
  );
});
