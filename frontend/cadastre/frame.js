/** What surrounds the roof: header, places for the parts, legend, footer. */
import { byId, h } from '../shared/dom.js';
import { bytes, t, told } from '../shared/i18n.js';
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
          h('section', { id: 'known', class: 'no-print' }),
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

/** Remarks that change the meaning of all numbers and are shown unfolded; the roofs stand below them. */
const UNFOLDED = 3;

/** What whoever made the cadastre was told: what weighs most unfolded, the rest folded. */
export function known(cadastre, open) {
  const notes = cadastre.notes ?? [];
  if (!notes.length) return null;
  const list = (chosen) => h('ul', {}, chosen.map((note) => h('li', {}, told(note))));
  const first = notes.filter((note) => note.grave).slice(0, UNFOLDED);
  const other = notes.filter((note) => !first.includes(note));
  return h('details', { open: open && first.length > 0 },
    h('summary', { class: first.length ? 'strong' : '' }, t('notes', notes.length)),
    first.length > 0 && list(first),
    other.length > 0 && (first.length ? h('details', {}, h('summary', {}, t('otherNotes', other.length)), list(other)) : list(other)));
}

/** Names of files beyond these are too many for a printed sheet. */
const PRINTED_FILES = 3;

export function footer(cadastre) {
  const { files, weather, verdicts } = cadastre;
  const lines = Object.entries(verdicts ?? {}).filter(([, verdict]) => verdict).map(([study, verdict]) =>
    h('p', { class: 'verdict' }, h('strong', {}, t(study === 'roof_shading' ? 'auditShading' : 'audit')), ' ', told(verdict), ' ',
      told(verdict.link) && h('a', { href: told(verdict.link) }, t('auditLink'))));
  const grave = (cadastre.notes ?? []).filter((note) => note.grave);
  const sources = (cadastre.attributions ?? []).map(told).filter((source) => source !== told(weather?.attribution));
  return [
    ...lines,
    ...grave.map((note) => h('p', { class: 'print-only' }, told(note))),
    h('details', {},
      h('summary', {}, t('fold')),
      h('p', { class: 'no-print' }, cadastre.model.script
        ? t('weightsInPage', bytes(cadastre.page.bytes), bytes(cadastre.table?.bytes ?? 0), bytes(cadastre.model.script.bytes))
        : t('weights', bytes(cadastre.page.bytes), bytes(cadastre.table?.bytes ?? 0), bytes(cadastre.model.bytes), bytes(cadastre.model.runtime_bytes)), ' ',
        h('a', { href: 'assets/licences.txt' }, t('licences')), '. ', t('noRemote')),
      h('p', {}, `${t('answeredBy')}${t('colon')}${told(cadastre.model.label)}.`),
      weather && h('p', {}, `${t('weather')}${t('colon')}${told(weather.source)} · ${told(weather.attribution)}`),
      sources.length > 0 && h('p', {}, `${t('attributions')}${t('colon')}${sources.join(' · ')}`),
      files?.count > 0 && h('p', { class: files.count > PRINTED_FILES ? 'no-print' : '' },
        `${t('files', files.count)}${t('colon')}${files.names.map(told).join(', ')}${files.count > files.names.length ? '…' : ''}`)),
  ].filter(Boolean);
}
