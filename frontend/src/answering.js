/** Answers for the installation as it is set: by the table, by the model, with what stands in the light. */
import { asOnRoof, byModel, byTable } from './estimate.js';
import { showObstacles } from './map.js';
import { asFeatures, horizonsWith } from './obstacles.js';
import { kwh, spreadOf, yearStep } from './rounding.js';
import { loadModel } from './runtime.js';
import { fail, orWarn, redraw, say, state, warn } from './state.js';
import { loadTable } from './table.js';
import { t } from './words.js';

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
    answers.modelBefore = await byModel(state.model, cadastre.inputs, original, null);
    answers.model = await byModel(state.model, cadastre.inputs, options, layers);
    answers.modelFree = layers ? await byModel(state.model, cadastre.inputs, options, null) : answers.model;
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
  if (!state.answers.model) return;
  const yearly = state.answers.model.yearly * state.options.power;
  say(`${t('model')}${t('colon')}${kwh(yearly, yearStep(yearly, spreadOf(state.plane.properties)))}`);
}

export async function computeObstacles() {
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

export async function setObstacles(obstacles) {
  state.obstacles = obstacles;
  if (state.map) showObstacles(state.map, asFeatures(obstacles));
  await computeObstacles();
  const loss = document.querySelector('#loss .loss-now')?.textContent;
  if (state.effect && loss) say(`${t('obstacles')}${t('colon')}${obstacles.length}. ${loss}`);
}
