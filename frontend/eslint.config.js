import js from '@eslint/js';
import globals from 'globals';

/** Folders, each of which imports from those after it and from itself. */
const FOLDERS = { cadastre: ['geo', 'shared'], study: ['geo', 'shared'], geo: ['shared'], shared: [] };

const oneWay = (folder, below) => ({
  files: [`${folder}/**/*.js`],
  languageOptions: { globals: { ...globals.browser, __ORT__: 'readonly', __MAPLIBRE__: 'readonly' } },
  rules: {
    'no-restricted-imports': ['error', {
      patterns: [{
        regex: `^\\.\\./${below.length ? `(?!(?:${below.join('|')})/[^/]+$)` : ''}`,
        message: `${folder}/ imports from ${['itself', ...below].join(', ')} only.`,
      }],
    }],
  },
});

export default [
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...Object.entries(FOLDERS).map(([folder, below]) => oneWay(folder, below)),
  { files: ['*.js', 'tests/**/*.js'], languageOptions: { globals: globals.node } },
];
