import assert from 'node:assert/strict';
import test from 'node:test';
import { kwh, rangeOf, spreadOf, yearStep } from '../cadastre/yields.js';
import { setLanguage } from '../shared/i18n.js';
import { outputStep, toldValue } from '../shared/outputs.js';
import { decimalsOf, digitStep, significant, stepOf, toStep, withDigits } from '../shared/rounding.js';

setLanguage('en');

test('a step is at most half of half the spread, and no finer than asked', () => {
  for (const half of [0.003, 0.7, 2, 2.1, 19, 21, 450]) {
    const step = stepOf(half, 0);
    assert.ok(step <= half / 2 && step > half / 20, `${step} for ${half}`);
    assert.equal(stepOf(half), Math.max(step, 1));
  }
  assert.equal(stepOf(0), 1);
});

test('values are rounded to steps without what floating point leaves', () => {
  assert.equal(toStep(1234.5, 100), 1200);
  assert.equal(toStep(0.12345, 0.001), 0.123);
  assert.equal(toStep(2.675, 0.01), 2.68);
  assert.deepEqual([1000, 1, 0.1, 0.001].map(decimalsOf), [0, 0, 1, 3]);
});

test('significant digits', () => {
  assert.equal(digitStep(1234, 2), 100);
  assert.equal(digitStep(0.00123, 2), 0.0001);
  assert.equal(significant(1260, 2), 1300);
  assert.equal(significant(1.26, 2), 1);
  assert.equal(withDigits(1.2345, 3), '1.23');
  assert.equal(withDigits(12345, 3), '12,345');
});

test('a yield is told as its spread supports', () => {
  const spread = spreadOf({ yield_kwh: 1000, yield_p10_kwh: 930, yield_p90_kwh: 1060 });
  assert.deepEqual(spread, [0.93, 1.06]);
  assert.equal(yearStep(4321, spread), 100);
  assert.equal(kwh(4321, 100), '4,300\u00a0kWh');
  assert.deepEqual(rangeOf(4321, spread), ['4,000', '4,600\u00a0kWh']);
  assert.equal(spreadOf({ yield_kwh: 0, yield_p10_kwh: 0, yield_p90_kwh: 0 }), null);
});

test('an output is told as its interval supports, else to four digits, and never as minus zero', () => {
  assert.equal(outputStep({ value: [3, 5], lower: [2.5, 4], upper: [3.5, 6] }), 0.1);
  assert.equal(outputStep({ value: [3, -5123], lower: null, upper: null }), 1);
  assert.equal(outputStep({ value: [0], lower: null, upper: null }), 1);
  assert.equal(toldValue(-0.001, 0.1), '0.0');
  assert.equal(toldValue(1234.56, 0.1), '1,234.6');
});
