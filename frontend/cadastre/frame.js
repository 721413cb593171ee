/** What surrounds the roof: header, places for the parts, legend, footer. */
import { byId, h } from '../shared/dom.js';
import { bytes, t, told, unit } from '../shared/i18n.js';
import { languageButtons } from '../shared/languages.js';

/** Build the page once; afterwards only its words change, so that the map stays. */
export function frame(cadastre, onLanguage) {
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
  const title = told(cadastre.title);
  byId('head').replaceChildren(
    h('div', { class: 'name' }, namesItself(title) ? null : h('p', { class: 'kicker' }, t('site')), h('h1', {}, title || t('site'))),
    h('p', { class: 'print-only sheet' }, t('sheet')),
    languageButtons(onLanguage),
  );
}

/** Whether a title says already what the page is. */
const namesItself = (title) => !title || /cadastr/i.test(title);

export function pageTitle(cadastre) {
  const title = told(cadastre.title);
  return !title ? t('site') : namesItself(title) ? title : `${title} – ${t('site')}`;
}

export function legend(cadastre) {
  return h('details', { open: true },
    h('summary', { id: 'legend-title' }, t('legend')),
    h('ul', { 'aria-labelledby': 'legend-title' },
      cadastre.classes.map((entry) =>
        h('li', {}, h('span', { class: 'swatch', style: `background:${entry.colour}`, 'aria-hidden': 'true' }), told(entry.label))),
      h('li', {}, h('span', { class: 'swatch', style: 'background:#b9bec5', 'aria-hidden': 'true' }), t('noClass'))));
}

/** Weather from farther away is warned about. */
const FAR_WEATHER_KM = 100;

/** Names of files beyond these are too many for a printed sheet. */
const PRINTED_FILES = 3;

export function footer(cadastre) {
  const { files, weather, verdicts } = cadastre;
  const lines = Object.entries(verdicts ?? {}).filter(([, verdict]) => verdict).map(([study, verdict]) =>
    h('p', { class: 'verdict' }, h('strong', {}, t(study === 'roof_shading' ? 'auditShading' : 'audit')), ' ', told(verdict), ' ',
      told(verdict.link) && h('a', { href: told(verdict.link) }, t('auditLink'))));
  const far = weather?.distance_km > FAR_WEATHER_KM ? t('weatherFar', unit(weather.distance_km, 'km')) : '';
  const sources = (cadastre.attributions ?? []).map(told).filter((source) => source !== told(weather?.attribution));
  return [
    ...lines,
    far && h('p', { class: 'warning' }, far),
    h('details', {},
      h('summary', {}, t('fold')),
      h('p', { class: 'no-print' }, t('weights', bytes(cadastre.page.bytes), bytes(cadastre.table?.bytes ?? 0), bytes(cadastre.model.bytes), bytes(cadastre.model.runtime_bytes)), ' ',
        h('a', { href: 'assets/licences.txt' }, t('licences')), '. ', t('noRemote')),
      h('p', {}, `${t('answeredBy')}${t('colon')}${told(cadastre.model.label)}.`),
      weather && h('p', {}, `${t('weather')}${t('colon')}${told(weather.source)} · ${told(weather.attribution)}`),
      sources.length > 0 && h('p', {}, `${t('attributions')}${t('colon')}${sources.join(' · ')}`),
      files?.count > 0 && h('p', { class: files.count > PRINTED_FILES ? 'no-print' : '' },
        `${t('files', files.count)}${t('colon')}${files.names.map(told).join(', ')}${files.count > files.names.length ? '…' : ''}`)),
  ].filter(Boolean);
}
