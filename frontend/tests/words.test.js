import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

/** Each folder, who may say its words, and how many it has at the least. */
const FOLDERS = {
  cadastre: [['cadastre'], 100],
  study: [['study'], 10],
  geo: [['geo', 'cadastre', 'study'], 3],
  shared: [['shared', 'geo', 'cadastre', 'study'], 10],
};
const ADDED = /^addWords\(\{.*?^\}\);$/gms;

const textOf = (folder) =>
  readdirSync(new URL(`../${folder}/`, import.meta.url))
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(new URL(`../${folder}/${name}`, import.meta.url), 'utf8'))
    .join('\n');

/** The words that a folder adds, as its files call for them. */
function wordsOf(folder) {
  const added = [];
  for (const [call] of textOf(folder).matchAll(ADDED)) new Function('addWords', call)((words) => added.push(words));
  return added;
}

for (const [folder, [readers, least]] of Object.entries(FOLDERS)) {
  test(`every word of ${folder} is there in both languages, and is said somewhere`, () => {
    const code = readers.map(textOf).join('\n').replace(ADDED, '');
    const words = wordsOf(folder);
    const keys = words.flatMap(({ en }) => Object.keys(en));
    assert.ok(keys.length >= least, `${keys.length}`);
    assert.deepEqual(words.flatMap(({ fr }) => Object.keys(fr)).sort(), [...keys].sort());
    // A key stands in the code as a text, or is the name of a field whose names are said.
    assert.deepEqual(keys.filter((key) => !new RegExp(`'${key}'|^  ${key}: \\{ low`, 'm').test(code)), []);
  });
}
