/** Starts the page of one study: the bundle beside it, the controls, the answer. */
import '../shared/base.css';
import './style.css';
import './words.js';
import { announce, byId, h } from '../shared/dom.js';
import { beside, fetchJson } from '../shared/files.js';
import { language, t } from '../shared/i18n.js';
import { speakAsAsked } from '../shared/languages.js';
import { rowOf } from '../shared/model.js';
import { answer, loadModel, loadScript } from '../shared/runtime.js';
import { hashOf, keepValues, parameters, valuesFrom } from '../shared/url_state.js';
import { drawAnswer, drawPage, spoken } from './page.js';

/** What is set, by column of the graph, and what the model said of it. */
const state = { model: null, values: {}, answer: null };

/** Milliseconds without a change after which an answer is read out. */
const PAUSE = 700;

function remember() {
  const kept = keepValues(state.model, state.values, parameters(location.hash));
  kept.set('lang', language());
  history.replaceState(null, '', hashOf(kept));
}

let asked = false;
let running = null;
let pause = null;

/** Asks the model as the controls are set; of several changes while it computes only the last is asked. */
function ask() {
  asked = true;
  running ??= (async () => {
    while (asked) {
      asked = false;
      try {
        state.answer = await answer(state.model, rowOf(state.model.columns, state.values));
      } catch (fault) {
        console.warn(fault);
        state.answer = null;
      }
      drawAnswer(state);
    }
    running = null;
  })();
  return running;
}

function changed() {
  remember();
  ask();
  clearTimeout(pause);
  pause = setTimeout(() => announce(spoken(state)), PAUSE);
}

const draw = () => drawPage(state, { onChange: changed, onLanguage: remember });

/** Nothing can be shown: what was missing, and what can be done. */
function stop(sentence, fault) {
  if (fault) console.warn(fault);
  byId('page').replaceChildren(
    h('main', { class: 'stopped', role: 'alert' },
      h('h1', {}, t('kicker')),
      h('p', {}, h('strong', {}, sentence)),
      h('p', {}, t('failedHelp')),
      h('button', { type: 'button', onclick: () => location.reload() }, t('again'))));
}

async function start() {
  speakAsAsked();
  byId('page').replaceChildren(h('p', { class: 'loading', role: 'status' }, t('loading')));
  // a bundle whose graph has no JavaScript ships none: then the graph answers, in its runtime
  state.model = await loadScript(beside('model.js')).catch(() => null);
  if (!state.model) {
    const loaded = await Promise.allSettled([loadModel(beside('model.onnx')), fetchJson(beside('study.json'))]);
    for (const [k, name] of ['model.onnx', 'study.json'].entries()) {
      if (loaded[k].status === 'rejected') return stop(t('failed', name), loaded[k].reason);
    }
    const [model, study] = loaded.map(({ value }) => value);
    if (model.name !== study.name || model.hash !== study.hash) return stop(t('otherStudy'));
    state.model = { ...model, sources: study.sources ?? [] };
  }
  state.values = valuesFrom(state.model, parameters(location.hash));
  draw();
  window.addEventListener('hashchange', () => {
    state.values = valuesFrom(state.model, parameters(location.hash));
    speakAsAsked();
    draw();
    ask();
  });
  await ask();
  // For tests, and for whoever wants to see how a number came about.
  window.study = { state, row: () => Array.from(rowOf(state.model.columns, state.values)), answered: () => running };
  document.documentElement.dataset.ready = 'true';
}

start();
