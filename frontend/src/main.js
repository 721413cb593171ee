/** Starts the page and keeps what is chosen. */
import './style.css';
import { answersTable, changeForm } from './change.js';
import { loadCadastre, loadIndex } from './data.js';
import { announce, byId, h } from './dom.js';
import { asOnRoof, byModel, byTable } from './estimate.js';
import { draw, makeMap, nameControls, showBackground, showChosen, showObstacles, showPlan } from './map.js';
import { asFeatures, drawn, frameOf, horizonsWith, placed } from './obstacles.js';
import { charts, planeFacts, planeList, summary, takeAway, wholeYield } from './panel.js';
import { loadBuilding, middle, openTiles, outerRing } from './roofs.js';
import { inputRow, loadModel } from './runtime.js';
import { resultList, searchAddresses, searchBuildings, searchForm } from './search.js';
import { loadTable } from './table.js';
import { footer, frame, legend, pageTitle } from './frame.js';
import { chooseLanguage, day, language, setLanguage, shortId, t, unit, WORDS } from './words.js';
import { pvgisAddress, pvgisLink } from './pvgis.js';
import { why } from './why.js';
import { lossSentence, obstacleForm, obstacleList } from './whatif.js';

/** Zoom from which the planes of a roof are well told apart. */
const NEAR = 17;

const state = {
  cadastre: null, table: null, model: null, running: false, failed: false, map: null,
  building: null, plane: null, options: null, obstacles: [], effect: null,
  answers: {}, view: [], results: null,
  remote: { search: false, plan: false }, drawing: null, turn: 0,
};

// --- address of the page ---------------------------------------------------------------------------------------------------

const parameters = () => new URLSearchParams(location.hash.slice(1));

function remember() {
  const kept = parameters();
  kept.set('lang', language());
  if (state.building) kept.set('roof', state.building.id);
  else kept.delete('roof');
  history.replaceState(null, '', `#${kept}`);
}

// --- choosing ----------------------------------------------------------------------------------------------------------------

async function chooseById(id) {
  const index = await orWarn(loadIndex(), 'theIndex');
  if (!index) return;
  const entry = index.find((candidate) => candidate.id === id);
  if (!entry) return warn(t('unknown', id));
  return choose(id, entry.lon, entry.lat, null, true);
}

async function choose(id, lon, lat, planeId, fly) {
  warn(t('loading'));
  let building;
  try {
    building = await loadBuilding(state.cadastre.tiles.detail_zoom, id, lon, lat);
  } catch (fault) {
    console.warn(fault);
    return /range|byte serving/i.test(String(fault)) ? warn(`${t('failed', t('theRoofs'))} ${t('ranges')}`, true) : fail(t('theRoofs'));
  }
  if (!building) return warn(t('unknown', id));
  state.building = building;
  state.obstacles = [];
  if (state.map) {
    showObstacles(state.map, []);
    // A roof chosen from afar is hardly seen: come nearer.
    if (fly || state.map.getZoom() < NEAR) state.map.jumpTo({ center: [lon, lat], zoom: Math.max(state.map.getZoom(), 18) });
  }
  if (!building.planes.length) {
    state.plane = null;
    drawPanel();
    return say(t('noPlanes'));
  }
  await choosePlane(building.planes.find((plane) => plane.properties.plane_id === planeId) ?? building.planes[0], true);
  say(`${t('building', shortId(id))}${t('colon')}${unit(wholeYield(building), 'kWh')} ${t('perYear')}`);
  byId('roof-title')?.focus({ preventScroll: true });
  byId('roof-title')?.scrollIntoView({ block: matchMedia('(max-width: 799px)').matches ? 'start' : 'nearest' });
}

async function choosePlane(plane, quiet) {
  state.plane = plane;
  state.options = asOnRoof(state.cadastre, plane);
  state.effect = null;
  state.answers = {};
  if (state.map) showChosen(state.map, state.building, plane);
  remember();
  drawPanel();
  await computeObstacles();
  if (!quiet) say(`${t('plane')} ${state.building.planes.indexOf(plane) + 1}${t('colon')}${unit(plane.properties.yield_kwh, 'kWh')}`);
}

function leave() {
  state.building = state.plane = null;
  state.obstacles = [];
  if (state.map) {
    showChosen(state.map, null, null);
    showObstacles(state.map, []);
  }
  remember();
  drawPanel();
  byId('search-field').focus();
}

// --- answers -----------------------------------------------------------------------------------------------------------------

async function computeAnswers() {
  const mine = ++state.turn;
  const { cadastre, plane, options } = state;
  if (!plane) return;
  const layers = state.effect?.layers;
  const original = asOnRoof(cadastre, plane);
  const answers = { table: null, model: null, tableBefore: null, modelBefore: null };
  if (cadastre.table) state.table ??= await orWarn(loadTable(cadastre.table.file), 'theTable');
  if (state.table) {
    answers.tableBefore = await byTable(state.table, original, null);
    answers.table = await byTable(state.table, options, layers);
  }
  if (state.model) {
    answers.modelBefore = await byModel(state.model, cadastre.inputs, original, null);
    answers.model = await byModel(state.model, cadastre.inputs, options, layers);
  }
  if (mine !== state.turn) return; // a later change has overtaken this one
  state.answers = answers;
  drawAnswers();
}

async function runModel() {
  state.running = true;
  state.failed = false;
  drawAnswers();
  try {
    state.model = await loadModel(state.cadastre.model.file);
    // The first answer of a session is slower than all others: it is not the one to show.
    await byModel(state.model, state.cadastre.inputs, state.options, null);
  } catch (fault) {
    console.warn(fault);
    state.failed = true;
  }
  state.running = false;
  await computeAnswers();
  if (state.failed) fail(t('theModel'));
  if (state.answers.model) say(`${t('model')}${t('colon')}${unit(state.answers.model.yearly * state.options.power, 'kWh')}`);
}

async function computeObstacles() {
  const { cadastre, plane, obstacles } = state;
  state.effect = null;
  if (obstacles.length && cadastre.dsm) {
    const stored = asOnRoof(cadastre, plane).horizon;
    const effect = await orWarn(horizonsWith(cadastre, plane, stored, obstacles), 'theSurface');
    if (effect === null) warn(t('noSurface'));
    state.effect = effect ?? null;
  }
  await computeAnswers();
}

async function setObstacles(obstacles) {
  state.obstacles = obstacles;
  if (state.map) showObstacles(state.map, asFeatures(obstacles));
  await computeObstacles();
  const loss = document.querySelector('#loss .loss-now')?.textContent;
  if (state.effect && loss) say(`${t('obstacles')}${t('colon')}${obstacles.length}. ${loss}`);
}

async function drawObstacle(values) {
  state.drawing?.cancel();
  const shown = (places) => {
    const ring = places.length > 2 ? [...places, places[0]] : null;
    showObstacles(state.map, [
      ...asFeatures(state.obstacles),
      ...(ring ? [{ type: 'Feature', properties: { kind: values.kind }, geometry: { type: 'Polygon', coordinates: [ring] } }]
        : [{ type: 'Feature', properties: { kind: values.kind }, geometry: { type: 'LineString', coordinates: places.length > 1 ? places : [places[0], places[0]] } }]),
    ]);
  };
  const frameHere = frameOf(state.cadastre, state.plane);
  const here = middle(outerRing(state.plane.geometry));
  if (state.map.getZoom() < NEAR || !state.map.getBounds().contains(here)) state.map.jumpTo({ center: here, zoom: Math.max(state.map.getZoom(), 18) });
  state.drawing = draw(state.map, { single: values.kind === 'tree', onChange: shown });
  drawToolbar(values.kind);
  byId('map').scrollIntoView({ block: 'nearest' });
  state.map.getCanvas().focus({ preventScroll: true });
  announce(`${byId('drawing').querySelector('p').textContent} ${t('drawKeys')}`);
  const places = await state.drawing.promise;
  state.drawing = null;
  drawToolbar(null);
  const enough = places && places.length >= (values.kind === 'tree' ? 1 : 3);
  await setObstacles(enough ? [...state.obstacles, drawn(frameHere, { ...values, places })] : state.obstacles);
  byId('draw-obstacle')?.focus({ preventScroll: true });
  byId('loss')?.scrollIntoView({ block: 'nearest' });
}

function drawToolbar(kind) {
  byId('drawing').replaceChildren(
    ...(kind
      ? [
          h('p', {}, t(kind === 'tree' ? 'drawTree' : 'drawBuilding')),
          h('p', { class: 'note keys' }, t('drawKeys')),
          kind !== 'tree' && h('button', { type: 'button', onclick: () => state.drawing?.finish() }, t('done')),
          h('button', { type: 'button', onclick: () => state.drawing?.cancel() }, t('giveUp')),
        ].filter(Boolean)
      : []),
  );
  byId('drawing').hidden = !kind;
}

// --- drawing the page -----------------------------------------------------------------------------------------------------

/** Tell everybody: a problem, or that something is on its way. What `lasts` stays until something else is chosen. */
function warn(text, lasts = false) {
  announce(text);
  byId('status').textContent = text;
  byId('status').classList.toggle('lasts', lasts);
}

function fail(what) {
  warn(`${t('failed', what)} ${t('failedHelp')}`, true);
}

/** The result of a promise; where it fails this is told, and the result is undefined. */
async function orWarn(promise, what) {
  try {
    return await promise;
  } catch (fault) {
    console.warn(fault);
    fail(t(what));
    return undefined;
  }
}

/** Tell those who do not see what has just appeared. */
function say(text) {
  announce(text);
  if (!byId('status').classList.contains('lasts')) byId('status').textContent = '';
}

function drawPanel() {
  const { cadastre, building, plane } = state;
  warn('');
  byId('list').hidden = Boolean(building);
  const panel = byId('roof');
  panel.hidden = !building;
  if (!building) return panel.replaceChildren();
  panel.replaceChildren(
    h('button', { type: 'button', class: 'back no-print', onclick: leave }, `← ${t('close')}`),
    h('h2', { id: 'roof-title', tabIndex: -1 }, t('building', shortId(building.id)), building.properties.commune ? ` · ${building.properties.commune}` : ''),
    ...(shortId(building.id) === building.id ? [] : [h('p', { class: 'note full-id' }, `${t('number')}${t('colon')}${building.id}`)]),
    ...(plane
      ? [
          summary(cadastre, building, plane),
          planeList(cadastre, building, plane, (chosen) => choosePlane(chosen)),
          h('section', { 'aria-labelledby': 'plane-title' },
            h('h3', { id: 'plane-title' }, `${t('plane')} ${building.planes.indexOf(plane) + 1}`),
            planeFacts(cadastre, plane),
            h('div', { id: 'charts', class: 'charts' })),
          h('section', { 'aria-labelledby': 'change-title', class: 'no-print' },
            h('h3', { id: 'change-title' }, t('change')),
            changeForm(cadastre, state, asOnRoof(cadastre, plane), computeAnswers),
            h('div', { id: 'answers' }),
            pvgisLink()),
          ...(cadastre.dsm ? [
            h('section', { 'aria-labelledby': 'whatif-title', class: 'no-print' },
              h('h3', { id: 'whatif-title' }, t('whatIf')),
              h('p', { class: 'note' }, t('whatIfHelp')),
              obstacleForm({
                canDraw: Boolean(state.map),
                onPlace: (values) => setObstacles([...state.obstacles, placed(frameOf(cadastre, state.plane), values)]),
                onDraw: drawObstacle,
              }),
              h('div', { id: 'obstacle-list' }),
              h('div', { id: 'loss' })),
          ] : []),
          takeAway(building),
        ]
      : [h('p', {}, t('noPlanes'))]),
    h('p', { class: 'disclaimer' }, t('disclaimer')),
    h('p', { class: 'print-only note' }, `${t('printed')} ${day(new Date().toISOString().slice(0, 10))} · ${location.href}`),
  );
  if (plane) drawAnswers();
}

function drawAnswers() {
  const { cadastre, plane, options, answers, effect } = state;
  if (!plane || !byId('charts')) return;
  const original = asOnRoof(cadastre, plane);
  const changed = effect || ['tilt', 'azimuth', 'power', 'ratio', 'mounting'].some((name) => options[name] !== original[name]);
  // Before and after are told by one and the same way of computing.
  const [best, before] = answers.model ? [answers.model, answers.modelBefore] : [answers.table, answers.tableBefore];
  const keepFocus = document.activeElement?.id;
  byId('charts').replaceChildren(
    ...charts(cadastre, plane, options, answers.table, changed && best ? best.monthly.map((value) => value * options.power) : null, effect?.layers.opaque),
  );
  byId('answers').replaceChildren(
    ...answersTable(cadastre, answers, options.power, changed && before && original.power > 0 ? (best.yearly * options.power) / Math.max(before.yearly * original.power, 1e-9) - 1 : null, {
      onRun: runModel, running: state.running, failed: state.failed, spread: spreadOf(plane),
    }).filter(Boolean),
  );
  byId('why').replaceChildren(...[why(state.table, original, answers.tableBefore)].filter(Boolean));
  byId('pvgis-link').href = pvgisAddress(middle(outerRing(plane.geometry)), options, effect?.layers.opaque ?? original.horizon);
  if (cadastre.dsm) {
    byId('obstacle-list').replaceChildren(
      ...[obstacleList(state.obstacles, (k) => setObstacles(state.obstacles.filter((_, j) => j !== k)))].filter(Boolean),
    );
    byId('loss').replaceChildren(
      ...(effect && before && best
        ? lossSentence(before.yearly * original.power, best.yearly * options.power, effect)
        : []),
    );
  }
  if (keepFocus) byId(keepFocus)?.focus();
}

/** P10 and P90 of a plane as shares of its yield; null where nothing fits on it. */
function spreadOf(plane) {
  const p = plane.properties;
  return p.yield_kwh > 0 ? [p.yield_p10_kwh / p.yield_kwh, p.yield_p90_kwh / p.yield_kwh] : null;
}

function drawList() {
  const { cadastre, results, view } = state;
  byId('results').replaceChildren(
    h('h2', {}, results ? t('results') : t('inView')),
    ...(results ? [h('p', {}, t('found', results.length))] : view.length ? [] : [h('p', { class: 'note' }, t('noneInView'))]),
    resultList(cadastre, results ?? view, (entry) =>
      entry.lon === undefined ? chooseById(entry.id) : entry.id === null ? goTo(entry) : choose(entry.id, entry.lon, entry.lat, null, true)),
  );
}

/** An address of the BAN: the map goes there; the roof is still to be chosen. */
function goTo(place) {
  state.results = null;
  if (state.map) state.map.jumpTo({ center: [place.lon, place.lat], zoom: 18 });
  say(place.address);
}

/** A fault of the map: told once for each kind, since each tile repeats it. */
const toldFaults = new Set();
function onFault(fault, source) {
  const text = /range|byte serving/i.test(fault) ? t('ranges') : source === 'roofs' ? `${t('failed', t('theRoofs'))} ${t('failedHelp')}` : source === 'plan' ? t('remoteFailed') : '';
  console.warn(fault);
  if (!text || toldFaults.has(text)) return;
  toldFaults.add(text);
  warn(text, true);
}

async function search(text) {
  if (!text) {
    state.results = null;
    return drawList();
  }
  const found = await orWarn(searchBuildings(text), 'theIndex');
  if (!found) return;
  state.results = found.buildings;
  let failure = '';
  if (state.remote.search && !found.exact) {
    try {
      state.results = [...found.buildings, ...(await searchAddresses(text, state.cadastre))];
    } catch (fault) {
      console.warn(fault);
      failure = t('remoteFailed');
    }
  }
  if (state.building) leave();
  drawList();
  if (failure) warn(failure, true);
  else say(t('found', state.results.length));
}

function drawAll() {
  const { cadastre } = state;
  document.title = pageTitle(cadastre);
  frame(cadastre, WORDS, (chosen) => {
    setLanguage(chosen);
    remember();
    drawAll();
  });
  byId('search').replaceChildren(searchForm(cadastre, state, {
    onSearch: search,
    onPlan: (wanted) => state.map && showPlan(state.map, wanted),
    onBackground: (wanted) => state.map && showBackground(state.map, wanted),
  }));
  byId('legend').replaceChildren(legend(cadastre));
  byId('foot').replaceChildren(...footer(cadastre));
  byId('map').setAttribute('aria-label', t('map'));
  if (state.map) nameControls(state.map);
  const without = document.querySelector('.no-map');
  if (without) without.textContent = t('noMap');
  drawList();
  drawPanel();
}

function onView(found) {
  const sorted = found.sort((a, b) => (b.kwh ?? 0) - (a.kwh ?? 0) || (b.class ?? 0) - (a.class ?? 0) || a.id.localeCompare(b.id)).slice(0, 12);
  if (sorted.map((entry) => entry.id).join() === state.view.map((entry) => entry.id).join()) return;
  state.view = sorted;
  if (!state.results) drawList();
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
  setLanguage(chooseLanguage());
  byId('page').replaceChildren();
  let archive;
  try {
    state.cadastre = await loadCadastre();
    archive = openTiles(state.cadastre.tiles.file);
    drawAll();
  } catch (fault) {
    return stop(fault);
  }
  try {
    state.map = makeMap(byId('map'), state.cadastre, archive, {
      onPick: (id, lon, lat, planeId) => choose(id, lon, lat, planeId, false),
      onView,
      onFault,
    });
    nameControls(state.map);
  } catch (fault) {
    console.warn(fault);
    byId('page').classList.add('without-map');
    byId('map').replaceChildren(h('p', { class: 'no-map' }, t('noMap')));
    state.view = ((await orWarn(loadIndex(), 'theIndex')) ?? []).slice(0, 12);
    drawList();
  }
  const asked = parameters().get('roof');
  if (asked) await chooseById(asked);
  window.addEventListener('hashchange', () => {
    const wanted = parameters().get('roof');
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
