/** Draws the page anew when what is chosen has changed. */
import { showLayer, showPlan } from '../geo/map.js';
import { frameOf, placed } from '../geo/obstacles.js';
import { middle, outerRing } from '../geo/rings.js';
import { byId, h } from '../shared/dom.js';
import { day, t } from '../shared/i18n.js';
import { speak } from '../shared/languages.js';
import { computeAnswers, runModel, setObstacles } from './answering.js';
import { answersTable, changedTold, changeForm } from './change.js';
import { choose, chooseById, choosePlane, goTo, leave, search } from './choosing.js';
import { drawObstacle } from './drawing.js';
import { asOnRoof } from './estimate.js';
import { footer, frame, known, legend, pageTitle } from './frame.js';
import { charts, planeFacts, planeList, summary, takeAway } from './panel.js';
import { pvgisAddress, pvgisLink } from './pvgis.js';
import { nameMap } from './roof_map.js';
import { planeNumber, shortId } from './roofs.js';
import { resultList, searchForm } from './search.js';
import { redraw, remember, state, warn } from './state.js';
import { lossSentence, obstacleForm, obstacleList } from './whatif.js';
import { lossScale, why } from './why.js';
import { spreadOf } from './yields.js';

export function drawAll() {
  const { cadastre } = state;
  document.title = pageTitle(cadastre);
  frame(cadastre, (chosen) => {
    speak(chosen);
    remember();
    drawAll();
  });
  byId('search').replaceChildren(searchForm(cadastre, state, {
    onSearch: search,
    onPlan: (wanted) => state.map && showPlan(state.map, 'buildings', wanted),
    onBackground: (wanted) => state.map && showLayer(state.map, 'background', wanted),
  }));
  byId('legend').replaceChildren(legend(cadastre));
  byId('foot').replaceChildren(...footer(cadastre));
  byId('map').setAttribute('aria-label', t('map'));
  if (state.map) nameMap(state.map);
  const without = document.querySelector('.no-map');
  if (without) without.textContent = t('noMap');
  drawList();
  drawPanel();
}

function drawPanel() {
  const { cadastre, building, plane } = state;
  warn('');
  byId('list').hidden = Boolean(building);
  byId('known').replaceChildren(...[known(cadastre, !building)].filter(Boolean));
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
            h('h3', { id: 'plane-title' }, `${t('plane')} ${planeNumber(building, plane)}`),
            planeFacts(cadastre, plane, building.planes.length > 1),
            h('div', { id: 'changed', class: 'print-only' }),
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
                onPlace: (values) => setObstacles([...state.obstacles, placed(frameOf(cadastre.projection, state.plane.geometry), values)]),
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
  const [best, before, free] = answers.model
    ? [answers.model, answers.modelBefore, answers.modelFree]
    : [answers.table, answers.tableBefore, answers.tableFree];
  const gain = changed && before && original.power > 0 ? (best.yearly * options.power) / Math.max(before.yearly * original.power, 1e-9) - 1 : null;
  const spread = spreadOf(plane.properties);
  const scale = changed ? 1 : lossScale(plane, answers.tableBefore);
  const keepFocus = document.activeElement?.id;
  byId('charts').replaceChildren(
    ...charts(cadastre, plane, options, answers.table?.sectorLoss.map((loss) => loss * scale) ?? null, changed && best ? best.monthly.map((value) => value * options.power) : null, effect?.layers.opaque),
  );
  byId('answers').replaceChildren(
    ...answersTable(cadastre, answers, options.power, gain, { onRun: runModel, running: state.running, failed: state.failed, spread }).filter(Boolean),
  );
  byId('changed').replaceChildren(...(changed && best ? [changedTold(cadastre, options, state.obstacles.length, best.yearly * options.power, spread, gain)] : []));
  byId('why').replaceChildren(...[why(state.table, plane, original, answers.tableBefore)].filter(Boolean));
  byId('pvgis-link').href = pvgisAddress(middle(outerRing(plane.geometry)), options, effect?.layers.opaque ?? original.horizon);
  if (cadastre.dsm) {
    byId('obstacle-list').replaceChildren(
      ...[obstacleList(state.obstacles, (k) => setObstacles(state.obstacles.filter((_, j) => j !== k)))].filter(Boolean),
    );
    byId('loss').replaceChildren(
      ...(effect && free && best ? lossSentence(free.yearly * options.power, best.yearly * options.power, effect, spread) : []),
    );
  }
  if (keepFocus) byId(keepFocus)?.focus();
}

function drawList() {
  const { cadastre, results, view } = state;
  byId('results').replaceChildren(
    h('h2', {}, results ? t('results') : t('inView')),
    ...(results ? [h('p', {}, t('found', results.length))] : view.length ? [] : [h('p', { class: 'note' }, t('noneInView'))]),
    !results && view.length > 0 ? h('p', { class: 'note' }, t('bestPlane')) : '',
    resultList(cadastre, results ?? view, (entry) =>
      entry.lon === undefined ? chooseById(entry.id) : entry.id === null ? goTo(entry) : choose(entry.id, entry.lon, entry.lat, null, true)),
  );
}

Object.assign(redraw, { panel: drawPanel, answers: drawAnswers, list: drawList });
