/** What surrounds the roof: header, places for the parts, legend, footer. */
import { byId, h } from './dom.js';
import { bytes, language, t, told, unit } from './words.js';

const NAMES = { en: 'English', fr: 'Français' };

/** Build the page once; afterwards only its words change, so that the map stays. */
export function frame(cadastre, words, onLanguage) {
  const page = byId('page');
  if (!byId('map')) {
    page.append(
      h('a', { class: 'skip', href: '#search-field', id: 'skip', onclick: (event) => { event.preventDefault(); byId('search-field').focus(); } }),
      h('header', { id: 'head' }),
      h('main', {},
        h('div', { id: 'search' }),
        h('div', { class: 'map-box' },
          h('div', { id: 'map', role: 'region' }),
          h('div', { id: 'cross', 'aria-hidden': 'true' }),
          h('div', { id: 'drawing', hidden: true }),
          h('section', { id: 'legend' })),
        h('div', { class: 'side' },
          h('p', { id: 'status' }),
          h('div', { id: 'list' }, h('div', { id: 'results' })),
          h('article', { id: 'roof', hidden: true, 'aria-labelledby': 'roof-title' }))),
      h('footer', { id: 'foot' }),
      h('div', { id: 'said', class: 'hidden', role: 'status', 'aria-live': 'polite' }),
    );
  }
  byId('skip').textContent = t('skip');
  byId('head').replaceChildren(
    h('h1', {}, told(cadastre.title)),
    h('nav', { 'aria-label': t('language') },
      Object.keys(words).map((code) =>
        h('button', { type: 'button', lang: code, 'aria-pressed': String(code === language()), onclick: () => onLanguage(code) },
          h('span', { class: 'long' }, NAMES[code]), h('span', { class: 'short', 'aria-hidden': 'true' }, code.toUpperCase())))),
  );
}

export function legend(cadastre) {
  return h('details', { open: true },
    h('summary', { id: 'legend-title' }, t('legend')),
    h('ul', { 'aria-labelledby': 'legend-title' },
      cadastre.classes.map((entry) =>
        h('li', {}, h('span', { class: 'swatch', style: `background:${entry.colour}`, 'aria-hidden': 'true' }), told(entry.label)))));
}

export function footer(cadastre) {
  const { weather, verdicts } = cadastre;
  const lines = Object.entries(verdicts ?? {}).filter(([, verdict]) => verdict).map(([study, verdict]) =>
    h('p', { class: 'verdict' }, h('strong', {}, t(study === 'roof_shading' ? 'auditShading' : 'audit')), ' ', told(verdict), ' ',
      told(verdict.link) && h('a', { href: told(verdict.link) }, t('auditLink'))));
  const far = weather?.distance_km > 100 && !weather.warning ? ` (${t('weatherFar', unit(weather.distance_km, 'km'))})` : '';
  return [
    ...lines,
    h('p', {}, t('weights', bytes(cadastre.page.bytes), bytes(cadastre.table?.bytes ?? 0), bytes(cadastre.model.bytes), bytes(cadastre.model.runtime_bytes)), ' ',
      h('a', { href: 'assets/licences.txt' }, t('licences')), '. ', t('noRemote')),
    weather && h('p', {}, `${t('weather')}${t('colon')}${told(weather.source)}${far}. ${told(weather.attribution)}`,
      weather.warning && h('span', { class: 'warning' }, ` ${told(weather.warning)}`)),
    h('p', {}, `${t('attributions')}${t('colon')}${(cadastre.attributions ?? []).map(told).join(' · ')}`),
  ].filter(Boolean);
}
