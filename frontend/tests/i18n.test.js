import assert from 'node:assert/strict';
import test from 'node:test';
import { addWords, brief, bytes, chooseLanguage, day, language, number, percent, setLanguage, signed, t, told, unit } from '../shared/i18n.js';

addWords({
  en: { hello: 'Hello', far: (km) => `It is ${km} km away.`, months: ['January'] },
  fr: { hello: 'Bonjour !', far: (km) => `C’est à ${km} km : loin ; « très ».`, months: ['janvier'] },
});

test('a word is added once, in both languages', () => {
  assert.throws(() => addWords({ en: { hello: 'Hi' }, fr: { hello: 'Salut' } }), /'hello' is there already/);
  assert.throws(() => addWords({ en: { only: 'English' }, fr: {} }), /'only' is missing in 'fr'/);
  assert.throws(() => addWords({ en: {}, fr: { seul: 'français' } }), /'seul' is missing in 'en'/);
});

test('the language is the one asked for, else the first of the browser that there is, else English', () => {
  assert.equal(chooseLanguage('fr', ['en-GB']), 'fr');
  assert.equal(chooseLanguage(null, ['de-DE', 'fr-CA', 'en']), 'fr');
  assert.equal(chooseLanguage('xx', ['de']), 'en');
  assert.equal(chooseLanguage(null, undefined), 'en');
});

test('sentences are typeset: spaces that must not break', () => {
  setLanguage('en');
  assert.equal(t('far', 3), 'It is 3\u00a0km away.');
  setLanguage('fr');
  assert.equal(language(), 'fr');
  assert.equal(t('hello'), 'Bonjour\u202f!');
  assert.equal(t('far', 3), 'C’est à 3\u00a0km\u00a0: loin\u202f; «\u00a0très\u00a0».');
  assert.deepEqual(t('months'), ['janvier']);
  assert.equal(told({ fr: "l'horizon", en: 'horizon' }), 'l’horizon');
  assert.equal(told({ en: 'horizon' }), 'horizon');
  assert.equal(told('name'), 'name');
  assert.equal(told(undefined), '');
});

test('numbers are written as the language writes them', () => {
  setLanguage('en');
  assert.equal(number(1234.5, 1), '1,234.5');
  assert.equal(unit(30, '°'), '30°');
  assert.equal(unit(2, ''), '2');
  assert.equal(unit(2, 'm'), '2\u00a0m');
  assert.equal(percent(0.123), '12.3%');
  assert.equal(signed(-0.05), '−5.0%');
  assert.equal(signed(0.0001), '0.0%');
  assert.equal(brief(0.125), '0.125');
  assert.equal(brief(100), '100');
  assert.deepEqual([999, 12_300, 3_687_160].map(bytes), ['999\u00a0B', '12\u00a0kB', '3.7\u00a0MB']);
  assert.equal(day('2026-03-01'), '1 March 2026');
  assert.equal(day('2026'), '2026');
  setLanguage('fr');
  assert.equal(number(1234.5, 1), '1\u202f234,5');
  assert.equal(percent(0.123), '12,3\u00a0%');
  assert.equal(bytes(3_687_160), '3,7\u00a0Mo');
});
