/** Search by the number of a building or its address, and the list of what was found or is in view. */
import { h } from '../shared/dom.js';
import { number, t } from '../shared/i18n.js';
import { loadIndex } from './data.js';
import { shortId } from './roofs.js';
import { kwh } from './yields.js';

const MOST = 12;
const simple = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Buildings whose number or address holds the text, and whether one has exactly this number. */
export async function searchBuildings(text) {
  const wanted = simple(text.trim());
  const rows = await loadIndex();
  const exact = rows.filter((row) => simple(row.id) === wanted);
  const partly = rows.filter((row) => simple(row.id) !== wanted && (simple(row.id).includes(wanted) || simple(row.address).includes(wanted)));
  return { buildings: [...exact, ...partly].slice(0, MOST), exact: exact.length > 0 };
}

/** Addresses of the Base Adresse Nationale, near the cadastre. */
export async function searchAddresses(text, cadastre) {
  const [west, south, east, north] = cadastre.bounds_wgs84;
  const query = new URLSearchParams({ q: text, limit: '6', lon: String((west + east) / 2), lat: String((south + north) / 2) });
  const answer = await fetch(`https://data.geopf.fr/geocodage/search?${query}`);
  if (!answer.ok) throw new Error(String(answer.status));
  const { features } = await answer.json();
  return features
    .map(({ geometry, properties }) => ({ id: null, address: properties.label, lon: geometry.coordinates[0], lat: geometry.coordinates[1] }))
    .filter(({ lon, lat }) => lon > west - 0.01 && lon < east + 0.01 && lat > south - 0.01 && lat < north + 0.01);
}

export function resultList(cadastre, entries, onChoose) {
  return h(
    'ul',
    { class: 'results' },
    entries.slice(0, MOST).map((entry) =>
      h(
        'li',
        {},
        h(
          'button',
          { type: 'button', onclick: () => onChoose(entry) },
          entry.class && h('span', { class: 'swatch', style: `background:${cadastre.classes[entry.class - 1]?.colour}`, 'aria-hidden': 'true' }),
          h('span', { class: 'result-name', title: entry.id }, entry.id === null ? entry.address : entry.address ? `${entry.address} (${shortId(entry.id)})` : t('building', shortId(entry.id))),
          entry.class && h('span', { class: 'hidden' }, `, ${t('class')} ${t('classOf', entry.class)}, `),
          entry.kwh !== undefined && h('span', { class: 'result-more' }, kwh(entry.kwh)),
        ),
      ),
    ),
    entries.length > MOST && h('li', {}, number(entries.length)),
  );
}

export function searchForm(cadastre, state, { onSearch, onPlan, onBackground }) {
  const field = h('input', { id: 'search-field', type: 'search', autocomplete: 'off', spellcheck: false });
  const label = h('label', { for: 'search-field' });
  const relabel = () => (label.textContent = t(state.remote.search ? 'searchLabelAddress' : 'searchLabel'));
  const check = (id, text, checked, onChange, more = '') =>
    h('div', { class: `check ${more}` }, h('input', { id, type: 'checkbox', checked, onchange: (event) => onChange(event.target.checked) }), h('label', { for: id }, text));
  relabel();
  return h(
    'div',
    {},
    h('form', { role: 'search', 'aria-label': t('search'), onsubmit: (event) => { event.preventDefault(); onSearch(field.value.trim()); } },
      label,
      h('div', { class: 'search-row' }, field, h('button', { type: 'submit' }, t('searchButton')))),
    h('details', { class: 'remote' },
      h('summary', {}, t('remote')),
      h('p', { class: 'note', id: 'remote-note' }, t('remoteHelp')),
      check('remote-search', t('remoteSearch'), state.remote.search, (on) => { state.remote.search = on; relabel(); }),
      check('remote-plan', t('remoteMap'), state.remote.plan, (on) => { state.remote.plan = on; onPlan(on); }, 'needs-map')),
    cadastre.background && check('own-background', t('background'), state.background !== false, (on) => { state.background = on; onBackground(on); }, 'needs-map'),
  );
}
