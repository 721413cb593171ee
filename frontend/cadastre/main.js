/** Starts the page. */
import '../shared/base.css';
import './style.css';
import './words.js';
import { middle, outerRing } from '../geo/rings.js';
import { openTiles } from '../geo/tiles.js';
import { byId, h } from '../shared/dom.js';
import { t } from '../shared/i18n.js';
import { speakAsAsked } from '../shared/languages.js';
import { parameters } from '../shared/url_state.js';
import { runModel, setObstacles } from './answering.js';
import { choose, chooseById, choosePlane } from './choosing.js';
import { address, loadCadastre, loadIndex } from './data.js';
import { inputRow } from './estimate.js';
import { drawAll } from './page.js';
import { makeRoofMap } from './roof_map.js';
import { orWarn, redraw, state, warn } from './state.js';

/** A fault of the map: told once for each kind, since each tile repeats it. */
const toldFaults = new Set();
function onFault(fault, source) {
  const text = /range|byte serving/i.test(fault) ? t('ranges') : source === 'roofs' ? `${t('failed', t('theRoofs'))} ${t('failedHelp')}` : source === 'plan' ? t('remoteFailed') : '';
  console.warn(fault);
  if (!text || toldFaults.has(text)) return;
  toldFaults.add(text);
  warn(text, true);
}

function onView(found) {
  const sorted = found.sort((a, b) => (b.kwh ?? 0) - (a.kwh ?? 0) || (b.class ?? 0) - (a.class ?? 0) || a.id.localeCompare(b.id)).slice(0, 12);
  if (sorted.map((entry) => entry.id).join() === state.view.map((entry) => entry.id).join()) return;
  state.view = sorted;
  if (!state.results) redraw.list();
}

let unfolded = false;
function setSources(printing) {
  const sources = document.querySelector('#foot details');
  if (printing) unfolded = sources.open;
  sources.open = printing || unfolded;
}

/** Nothing can be shown: what was missing, and what can be done. */
function stop(fault) {
  console.warn(fault);
  document.title = t('site');
  byId('page').replaceChildren(
    h('main', { class: 'stopped', role: 'alert' },
      h('h1', {}, t('site')),
      h('p', {}, h('strong', {}, t('failed', 'data/cadastre.json'))),
      h('p', {}, t('failedHelp')),
      h('button', { type: 'button', onclick: () => location.reload() }, t('again'))),
  );
}

async function start() {
  speakAsAsked();
  byId('page').replaceChildren();
  try {
    state.cadastre = await loadCadastre();
    state.archive = openTiles(address(state.cadastre.tiles.file));
    drawAll();
  } catch (fault) {
    return stop(fault);
  }
  try {
    state.map = makeRoofMap(byId('map'), state.cadastre, state.archive, {
      onPick: (id, lon, lat, planeId) => choose(id, lon, lat, planeId, false),
      onView,
      onFault,
    });
  } catch (fault) {
    console.warn(fault);
    byId('page').classList.add('without-map');
    byId('map').replaceChildren(h('p', { class: 'no-map' }, t('noMap')));
    state.view = ((await orWarn(loadIndex(), 'theIndex')) ?? []).slice(0, 12);
    redraw.list();
  }
  const asked = parameters(location.hash).get('roof');
  if (asked) await chooseById(asked);
  window.addEventListener('hashchange', () => {
    const wanted = parameters(location.hash).get('roof');
    if (wanted && wanted !== state.building?.id) chooseById(wanted);
  });
  // The sheet tells its sources, whether they are unfolded on the page or not.
  window.addEventListener('beforeprint', () => setSources(true));
  window.addEventListener('afterprint', () => setSources(false));
  // For tests, and for whoever wants to see how a number came about.
  window.cadastre = { state, inputRow, choosePlane, middle, outerRing, runModel, setObstacles };
  document.documentElement.dataset.ready = 'true';
}

start();
