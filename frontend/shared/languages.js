/** The language of the page: chosen at the start, and by buttons. */
import { h } from './dom.js';
import { chooseLanguage, language, LANGUAGES, setLanguage, t } from './i18n.js';
import { parameters } from './url_state.js';

const NAMES = { en: 'English', fr: 'Français' };

/** The page and its sentences in this language. */
export function speak(chosen) {
  setLanguage(chosen);
  document.documentElement.lang = chosen;
}

export const speakAsAsked = () => speak(chooseLanguage(parameters(location.hash).get('lang'), navigator.languages));

/** Buttons with the names of the languages; a narrow page shows their codes. */
export const languageButtons = (onLanguage) =>
  h('nav', { 'aria-label': t('language') },
    LANGUAGES.map((code) =>
      h('button', { type: 'button', lang: code, 'aria-pressed': String(code === language()), onclick: () => onLanguage(code) },
        h('span', { class: 'long' }, NAMES[code]), h('span', { class: 'short', 'aria-hidden': 'true' }, code.toUpperCase()))));
