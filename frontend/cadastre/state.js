/** What is chosen, the address that keeps it, and what is told about it. */
import { announce, byId } from '../shared/dom.js';
import { language, t } from '../shared/i18n.js';
import { hashOf, parameters } from '../shared/url_state.js';

/** Zoom from which the planes of a roof are well told apart. */
export const NEAR = 17;

export const state = {
  cadastre: null, table: null, model: null, running: false, failed: false, map: null, archive: null,
  building: null, plane: null, options: null, obstacles: [], effect: null,
  answers: {}, view: [], results: null,
  remote: { search: false, plan: false }, drawing: null, turn: 0,
};

/** Parts of the page to be drawn anew; `page.js` fills this in, so that what chooses and answers need not know the page. */
export const redraw = {};

export function remember() {
  const kept = parameters(location.hash);
  kept.set('lang', language());
  if (state.building) kept.set('roof', state.building.id);
  else kept.delete('roof');
  history.replaceState(null, '', hashOf(kept));
}

/** Tell everybody: a problem, or that something is on its way. What `lasts` stays until something else is chosen. */
export function warn(text, lasts = false) {
  announce(text);
  byId('status').textContent = text;
  byId('status').classList.toggle('lasts', lasts);
}

export function fail(what) {
  warn(`${t('failed', what)} ${t('failedHelp')}`, true);
}

/** The result of a promise; where it fails this is told, and the result is undefined. */
export async function orWarn(promise, what) {
  try {
    return await promise;
  } catch (fault) {
    console.warn(fault);
    fail(t(what));
    return undefined;
  }
}

/** Tell those who do not see what has just appeared. */
export function say(text) {
  announce(text);
  if (!byId('status').classList.contains('lasts')) byId('status').textContent = '';
}
