/** Answers for the installation as it is set: by the table, by the model, with what stands in the light. */
import { asFeatures, horizonsWith } from '../geo/obstacles.js';
import { t } from '../shared/i18n.js';
import { loadModel, loadScript } from '../shared/runtime.js';
import { address } from './data.js';
import { asOnRoof, byModel, byTable } from './estimate.js';
import { showObstacles } from './roof_map.js';
import { fail, orWarn, redraw, say, state, warn } from './state.js';
import { loadTable } from './table.js';
import { kwh, spreadOf, yearStep } from './yields.js';

export async function computeAnswers() {
  const mine = ++state.turn;
  const { cadastre, plane, options } = state;
  if (!plane) return;
  const layers = state.effect?.layers;
  const original = asOnRoof(cadastre, plane);
  // Before: as on the roof. Free: the installation as changed, without the obstacles placed.
  const answers = { table: null, model: null, tableBefore: null, modelBefore: null, tableFree: null, modelFree: null };
  if (cadastre.table) state.table ??= await orWarn(loadTable(cadastre.table.file), 'theTable');
  if (state.table) {
    answers.tableBefore = await byTable(state.table, original, null);
    answers.table = await byTable(state.table, options, layers);
    answers.tableFree = layers ? await byTable(state.table, options, null) : answers.table;
  }
  if (state.model) {
    answers.modelBefore = await byModel(state.model, original, null);
    answers.model = await byModel(state.model, options, layers);
    answers.modelFree = layers ? await byModel(state.model, options, null) : answers.model;
  }
  if (mine !== state.turn) return; // a later change has overtaken this one
  state.answers = answers;
  redraw.answers();
}

export async function runModel() {
  state.running = true;
  state.failed = false;
  redraw.answers();
  try {
    const { script, file } = state.cadastre.model;
    state.model = await (script ? loadScript(address(script.file)) : loadModel(address(file)));
    // The first answer of a session is slower than all others: it is not the one to show.
    await byModel(state.model, state.options, null);
  } catch (fault) {
    console.warn(fault);
    state.failed = true;
  }
  state.running = false;
  await computeAnswers();
  if (state.failed) fail(t('theModel'));
  if (!state.answers.model) return;
  const yearly = state.answers.model.yearly * state.options.power;
  say(`${t('model')}${t('colon')}${kwh(yearly, yearStep(yearly, spreadOf(state.plane.properties)))}`);
}

export async function computeObstacles() {
  const { cadastre, plane, obstacles } = state;
  state.effect = null;
  if (obstacles.length && cadastre.dsm) {
    const stored = asOnRoof(cadastre, plane).horizon;
    const effect = await orWarn(horizonsWith({ ...cadastre, address }, plane.geometry, stored, obstacles), 'theSurface');
    if (effect === null) warn(t('noSurface'));
    state.effect = effect ?? null;
  }
  await computeAnswers();
}

export async function setObstacles(obstacles) {
  state.obstacles = obstacles;
  if (state.map) showObstacles(state.map, asFeatures(obstacles));
  await computeObstacles();
  const loss = document.querySelector('#loss .loss-now')?.textContent;
  if (state.effect && loss) say(`${t('obstacles')}${t('colon')}${obstacles.length}. ${loss}`);
}
