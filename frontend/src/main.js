/** Starts the page and keeps what is chosen. */
import './style.css';
import { answersTable, changeForm } from './change.js';
import { loadCadastre, loadIndex } from './data.js';
import { announce, byId, h } from './dom.js';
import { asOnRoof, byModel, byTable } from './estimate.js';
import { draw, makeMap, showBackground, showChosen, showObstacles, showPlan } from './map.js';
import { asFeatures, drawn, frameOf, horizonsWith, placed } from './obstacles.js';
import { charts, planeFacts, planeList, summary, takeAway, wholeYield } from './panel.js';
import { loadBuilding, middle, openTiles, outerRing } from './roofs.js';
import { inputRow, loadModel } from './runtime.js';
import { resultList, searchBuildings, searchForm } from './search.js';
import { loadTable } from './table.js';
import { footer, frame, legend } from './frame.js';
import { chooseLanguage, language, setLanguage, t, told, unit, WORDS } from './words.js';
import { lossSentence, obstacleForm, obstacleList } from './whatif.js';

const state = {
  cadastre: null, table: null, model: null, running: false, map: null,
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
  const entry = (await loadIndex()).find((candidate) => candidate.id === id);
  if (!entry) return warn(t('unknown', id));
  return choose(id, entry.lon, entry.lat, null, true);
}

async function choose(id, lon, lat, planeId, fly) {
  warn(t('loading'));
  let building;
  try {
    building = await loadBuilding(state.cadastre.tiles.detail_zoom, id, lon, lat);
  } catch (fault) {
    return warn(`${t('failed', t('building', id))} ${/range|byte/i.test(String(fault)) ? t('ranges') : ''}`);
  }
  if (!building) return warn(t('unknown', id));
  state.building = building;
  state.obstacles = [];
  if (state.map) {
    showObstacles(state.map, []);
    if (fly) state.map.jumpTo({ center: [lon, lat], zoom: Math.max(state.map.getZoom(), 18) });
  }
  if (!building.planes.length) {
    state.plane = null;
    drawPanel();
    return warn(t('noPlanes'));
  }
  await choosePlane(building.planes.find((plane) => plane.properties.plane_id === planeId) ?? building.planes[0], true);
  say(`${t('building', id)}: ${unit(wholeYield(building), 'kWh')} ${t('perYear')}`);
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
  if (!quiet) say(`${t('plane')} ${state.building.planes.indexOf(plane) + 1}: ${unit(plane.properties.yield_kwh, 'kWh')}`);
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
  if (cadastre.table) {
    state.table ??= await loadTable(cadastre.table.file);
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
  drawAnswers();
  try {
    state.model = await loadModel(state.cadastre.model.file);
    // The first answer of a session is slower than all others: it is not the one to show.
    await byModel(state.model, state.cadastre.inputs, state.options, null);
  } catch (fault) {
    console.error(fault);
    warn(t('failed', t('model')));
  }
  state.running = false;
  await computeAnswers();
  if (state.answers.model) say(`${t('model')}: ${unit(state.answers.model.yearly * state.options.power, 'kWh')}`);
}

async function computeObstacles() {
  const { cadastre, plane, obstacles } = state;
  state.effect = null;
  if (obstacles.length && cadastre.dsm) {
    const stored = asOnRoof(cadastre, plane).horizon;
    state.effect = await horizonsWith(cadastre, plane, stored, obstacles);
    if (!state.effect) warn(t('noSurface'));
  }
  await computeAnswers();
}

async function setObstacles(obstacles) {
  state.obstacles = obstacles;
  if (state.map) showObstacles(state.map, asFeatures(obstacles));
  await computeObstacles();
  if (state.effect && byId('loss').textContent) say(`${t('obstacles')}: ${obstacles.length}. ${byId('loss').textContent}`);
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
  state.drawing = draw(state.map, { single: values.kind === 'tree', onChange: shown });
  drawToolbar(values.kind);
  byId('map').scrollIntoView({ block: 'nearest' });
  const places = await state.drawing.promise;
  state.drawing = null;
  drawToolbar(null);
  const enough = places && places.length >= (values.kind === 'tree' ? 1 : 3);
  await setObstacles(enough ? [...state.obstacles, drawn(frameHere, { ...values, places })] : state.obstacles);
}

function drawToolbar(kind) {
  byId('drawing').replaceChildren(
    ...(kind
      ? [
          h('p', {}, t(kind === 'tree' ? 'drawTree' : 'drawBuilding')),
          kind !== 'tree' && h('button', { type: 'button', onclick: () => state.drawing?.finish() }, t('done')),
          h('button', { type: 'button', onclick: () => state.drawing?.cancel() }, t('giveUp')),
        ].filter(Boolean)
      : []),
  );
  byId('drawing').hidden = !kind;
}

// --- drawing the page -----------------------------------------------------------------------------------------------------

/** Tell everybody: a problem, or that something is on its way. */
function warn(text) {
  announce(text);
  byId('status').textContent = text;
}

/** Tell those who do not see what has just appeared. */
function say(text) {
  announce(text);
  byId('status').textContent = '';
}

function drawPanel() {
  const { cadastre, building, plane } = state;
  byId('status').textContent = '';
  byId('list').hidden = Boolean(building);
  const panel = byId('roof');
  panel.hidden = !building;
  if (!building) return panel.replaceChildren();
  panel.replaceChildren(
    h('button', { type: 'button', class: 'back no-print', onclick: leave }, `← ${t('close')}`),
    h('h2', { id: 'roof-title', tabIndex: -1 }, t('building', building.id), building.properties.commune ? ` · ${building.properties.commune}` : ''),
    ...(plane
      ? [
          summary(cadastre, building),
          planeList(cadastre, building, plane, (chosen) => choosePlane(chosen)),
          h('section', { 'aria-labelledby': 'plane-title' },
            h('h3', { id: 'plane-title' }, `${t('plane')} ${building.planes.indexOf(plane) + 1}`),
            planeFacts(cadastre, plane),
            h('div', { id: 'charts', class: 'charts' })),
          h('section', { 'aria-labelledby': 'change-title', class: 'no-print' },
            h('h3', { id: 'change-title' }, t('change')),
            changeForm(cadastre, state, asOnRoof(cadastre, plane), computeAnswers),
            h('div', { id: 'answers' })),
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
    h('p', { class: 'print-only' }, `${t('printed')} ${new Date().toLocaleDateString(language() === 'en' ? 'en-GB' : language())} · ${location.href}`),
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
    ...answersTable(cadastre, answers, options.power, changed && before ? (best.yearly * options.power) / Math.max(before.yearly * original.power, 1e-9) - 1 : null, {
      onRun: runModel, running: state.running, spread: spreadOf(plane),
    }).filter(Boolean),
  );
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

/** P10 and P90 of a plane as shares of its yield. */
function spreadOf(plane) {
  const p = plane.properties;
  return [p.yield_p10_kwh / Math.max(p.yield_kwh, 1e-9), p.yield_p90_kwh / Math.max(p.yield_kwh, 1e-9)];
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

async function search(text) {
  if (!text) {
    state.results = null;
    return drawList();
  }
  try {
    state.results = await searchBuildings(text, state.remote.search, state.cadastre);
  } catch (fault) {
    console.error(fault);
    return warn(t('remoteFailed'));
  }
  if (state.building) leave();
  drawList();
  say(t('found', state.results.length));
}

function drawAll() {
  const { cadastre } = state;
  document.title = told(cadastre.title) || 'Cadastre solaire';
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
  state.map?.getCanvas().setAttribute('aria-label', `${t('map')}. ${t('mapHelp')}`);
  drawList();
  drawPanel();
}

function onView(found) {
  const sorted = found.sort((a, b) => (b.kwh ?? 0) - (a.kwh ?? 0) || (b.class ?? 0) - (a.class ?? 0) || a.id.localeCompare(b.id)).slice(0, 12);
  if (sorted.map((entry) => entry.id).join() === state.view.map((entry) => entry.id).join()) return;
  state.view = sorted;
  if (!state.results) drawList();
}

async function start() {
  setLanguage(chooseLanguage());
  const page = byId('page');
  try {
    state.cadastre = await loadCadastre();
  } catch (fault) {
    console.error(fault);
    page.textContent = t('failed', 'data/cadastre.json');
    return;
  }
  const archive = openTiles(state.cadastre.tiles.file);
  drawAll();
  try {
    state.map = makeMap(byId('map'), state.cadastre, archive, {
      onPick: (id, lon, lat, planeId) => choose(id, lon, lat, planeId, false),
      onView,
      onFault: (fault) => /range|byte serving/i.test(fault) && warn(t('ranges')),
    });
    state.map.getCanvas().setAttribute('aria-label', `${t('map')}. ${t('mapHelp')}`);
  } catch (fault) {
    console.error(fault);
    byId('map').replaceChildren(h('p', { class: 'no-map' }, t('noMap')));
    state.view = (await loadIndex()).slice(0, 12);
    drawList();
  }
  const asked = parameters().get('roof');
  if (asked) await chooseById(asked);
  window.addEventListener('hashchange', () => {
    const wanted = parameters().get('roof');
    if (wanted && wanted !== state.building?.id) chooseById(wanted);
  });
  // For tests, and for whoever wants to see how a number came about.
  window.cadastre = { state, inputRow, choosePlane, middle, outerRing, runModel, setObstacles };
  document.documentElement.dataset.ready = 'true';
}

start();
