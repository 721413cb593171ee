/** Choosing: a building, a plane of it, a place that was searched for. */
import { byId } from '../shared/dom.js';
import { t } from '../shared/i18n.js';
import { computeObstacles } from './answering.js';
import { loadIndex } from './data.js';
import { asOnRoof } from './estimate.js';
import { planeYield, toldYield } from './panel.js';
import { showChosen, showObstacles } from './roof_map.js';
import { loadBuilding, planeNumber, shortId } from './roofs.js';
import { searchAddresses, searchBuildings } from './search.js';
import { fail, NEAR, orWarn, redraw, remember, say, state, warn } from './state.js';

export async function chooseById(id) {
  const index = await orWarn(loadIndex(), 'theIndex');
  if (!index) return;
  const entry = index.find((candidate) => candidate.id === id);
  if (!entry) return warn(t('unknown', id));
  return choose(id, entry.lon, entry.lat, null, true);
}

export async function choose(id, lon, lat, planeId, fly) {
  warn(t('loading'));
  let building;
  try {
    building = await loadBuilding(state.archive, state.cadastre.tiles.detail_zoom, id, lon, lat);
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
    redraw.panel();
    return say(t('noPlanes'));
  }
  await choosePlane(building.planes.find((plane) => plane.properties.plane_id === planeId) ?? building.planes[0], true);
  say(`${t('building', shortId(id))}${t('colon')}${toldYield(building)} ${t('perYear')}`);
  byId('roof-title')?.focus({ preventScroll: true });
  byId('roof-title')?.scrollIntoView({ block: matchMedia('(max-width: 799px)').matches ? 'start' : 'nearest' });
}

export async function choosePlane(plane, quiet) {
  state.plane = plane;
  state.options = asOnRoof(state.cadastre, plane);
  state.effect = null;
  state.answers = {};
  if (state.map) showChosen(state.map, state.building, plane);
  remember();
  redraw.panel();
  await computeObstacles();
  if (!quiet) say(`${t('plane')} ${planeNumber(state.building, plane)}${t('colon')}${planeYield(plane)}`);
}

export function leave() {
  state.building = state.plane = null;
  state.obstacles = [];
  if (state.map) {
    showChosen(state.map, null, null);
    showObstacles(state.map, []);
  }
  remember();
  redraw.panel();
  byId('search-field').focus();
}

/** An address of the BAN: the map goes there; the roof is still to be chosen. */
export function goTo(place) {
  state.results = null;
  if (state.map) state.map.jumpTo({ center: [place.lon, place.lat], zoom: 18 });
  say(place.address);
}

export async function search(text) {
  if (!text) {
    state.results = null;
    return redraw.list();
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
  redraw.list();
  if (failure) warn(failure, true);
  else say(t('found', state.results.length));
}
