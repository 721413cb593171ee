/** A new building or tree drawn on the map. */
import { draw } from '../geo/map.js';
import { asFeatures, drawn, frameOf } from '../geo/obstacles.js';
import { middle, outerRing } from '../geo/rings.js';
import { announce, byId, h } from '../shared/dom.js';
import { t } from '../shared/i18n.js';
import { setObstacles } from './answering.js';
import { showObstacles } from './roof_map.js';
import { NEAR, state } from './state.js';

export async function drawObstacle(values) {
  state.drawing?.cancel();
  const shown = (places) => {
    const ring = places.length > 2 ? [...places, places[0]] : null;
    showObstacles(state.map, [
      ...asFeatures(state.obstacles),
      ...(ring ? [{ type: 'Feature', properties: { kind: values.kind }, geometry: { type: 'Polygon', coordinates: [ring] } }]
        : [{ type: 'Feature', properties: { kind: values.kind }, geometry: { type: 'LineString', coordinates: places.length > 1 ? places : [places[0], places[0]] } }]),
    ]);
  };
  const frameHere = frameOf(state.cadastre.projection, state.plane.geometry);
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
