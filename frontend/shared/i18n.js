/** Two languages: the sentences that each part of a page adds, and numbers and dates as each language writes them. */

const WORDS = { en: {}, fr: {} };
export const LANGUAGES = Object.keys(WORDS);

/** Adds sentences, `{ en: { key: text or function }, fr: { … } }`; each key once, and in both languages. */
export function addWords(more) {
  for (const code of LANGUAGES) {
    for (const key of new Set(LANGUAGES.flatMap((other) => Object.keys(more[other])))) {
      if (!(key in more[code])) throw new Error(`the word '${key}' is missing in '${code}'`);
      if (key in WORDS[code]) throw new Error(`the word '${key}' is there already`);
      WORDS[code][key] = more[code][key];
    }
  }
}

addWords({
  en: { language: 'Language', colon: ': ', asTable: 'As a table', again: 'Try again', licences: 'licences of the libraries' },
  fr: { language: 'Langue', colon: '\u00a0: ', asTable: 'En tableau', again: 'Réessayer', licences: 'licences des bibliothèques' },
});

let current = 'fr';

/** The language that the address asks for, else the first of the browser's that there is. */
export function chooseLanguage(asked, preferred) {
  const wanted = [asked, ...(preferred ?? [])].filter(Boolean).map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => tag in WORDS) ?? 'en';
}

export function setLanguage(language) {
  current = language;
}

export const language = () => current;
export const t = (key, ...values) => {
  const entry = WORDS[current][key];
  const text = typeof entry === 'function' ? entry(...values) : entry;
  return typeof text === 'string' ? typeset(text) : text;
};

/** Spaces that must not break: before a unit, and as French has them around its punctuation. */
function typeset(text) {
  const kept = text.replace(/(\d) (?=(?:m²|m|km|kWh|kWc|kWp|kg|s|ms|%|Mo|ko|MB|kB)(?![\p{L}\d]))/gu, '$1\u00a0');
  return current === 'fr' ? kept.replace(/ ([:»])/g, '\u00a0$1').replace(/ ([;?!])/g, '\u202f$1').replace(/« /g, '«\u00a0') : kept;
}

/** Text that is given in both languages, or in one: then it is a name, and stays as it is. */
export const told = (text) =>
  text == null ? '' : typeof text === 'string' ? text : typeset((text[current] ?? text.en ?? '').replace(/(\p{L})'(?=\p{L})/gu, '$1’'));

export function number(value, decimals = 0) {
  return new Intl.NumberFormat(current, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}
/** A number in so many digits, without zeros at its end. */
export const brief = (value, digits = 3) => new Intl.NumberFormat(current, { maximumSignificantDigits: digits }).format(value);
/** A number and its unit, kept on one line; a unit without a name is none. */
export const unit = (value, name, decimals = 0) => withUnit(number(value, decimals), name);
/** Text of a number with its unit, as `unit`. */
export const withUnit = (text, name) => `${text}${name === '°' || !name ? '' : '\u00a0'}${name}`;
export const percent = (share, decimals = 1) => (current === 'fr' ? unit(100 * share, '%', decimals) : `${number(100 * share, decimals)}%`);
export const signed = (share) => (Math.abs(share) < 0.0005 ? percent(0) : `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`);
/** A date as people write it; a year stays a year. */
export const day = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(text).toLocaleDateString(current === 'en' ? 'en-GB' : current, { dateStyle: 'long', timeZone: 'UTC' }) : text;

export function bytes(count) {
  const names = current === 'fr' ? ['o', 'ko', 'Mo'] : ['B', 'kB', 'MB'];
  if (count < 1000) return unit(count, names[0]);
  return count < 1e6 ? unit(count / 1e3, names[1]) : unit(count / 1e6, names[2], 1);
}
