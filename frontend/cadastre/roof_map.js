/** The roofs on the map: how they are drawn, and what a click chooses. */
import { makeMap, nameControls, ownSource, pointAt, showFeatures, styleOf, tileSource } from '../geo/map.js';
import { t, told } from '../shared/i18n.js';
import { address } from './data.js';

const PICKED = ['planes', 'buildings', 'dots'];

/** The map in an element; `onPick` gets a building, the place and a plane of it, `onView` the buildings that are drawn. */
export function makeRoofMap(container, cadastre, archive, { onPick, onView, onFault }) {
  const map = makeMap(container, {
    style: style(cadastre),
    bounds: cadastre.bounds_wgs84,
    attributions: [cadastre.title, ...(cadastre.attributions ?? [])].map(told),
    archive,
    onPick: (drawn, point) => pickAt(drawn, point, onPick),
    onIdle: (drawn) => onView(inView(drawn)),
    onFault,
  });
  pointAt(map, PICKED);
  nameMap(map);
  return map;
}

export const nameMap = (map) => nameControls(map, `${t('map')}. ${t('mapHelp')}`);

function pickAt(map, point, onPick) {
  const box = [[point.x - 3, point.y - 3], [point.x + 3, point.y + 3]];
  const found = map.queryRenderedFeatures(box, { layers: PICKED });
  if (!found.length) return;
  if (found[0].layer.id === 'dots') {
    map.jumpTo({ center: map.unproject(point), zoom: map.getZoom() + 2 });
    return;
  }
  const plane = found.find((feature) => feature.layer.id === 'planes');
  const { building_id: id } = (plane ?? found[0]).properties;
  const place = map.unproject(point);
  onPick(String(id), place.lng, place.lat, plane?.properties.plane_id);
}

/** Buildings that are drawn, with what the tiles tell of them at this zoom. */
function inView(map) {
  const found = new Map();
  for (const feature of map.queryRenderedFeatures({ layers: ['buildings'] })) {
    const { building_id: id, yield_kwh: kwh, class: number } = feature.properties;
    if (!found.has(id)) found.set(id, { id: String(id), kwh, class: number });
  }
  return [...found.values()];
}

const colours = (cadastre) => ['match', ['get', 'class'], ...cadastre.classes.flatMap((c, k) => [k + 1, c.colour]), '#b9bec5'];

function style(cadastre) {
  const first = cadastre.tiles.planes_from;
  return styleOf(
    {
      roofs: tileSource('vector', address(cadastre.tiles.file)),
      chosen: ownSource(),
      obstacles: ownSource(),
      ...(cadastre.background && { background: tileSource('raster', address(cadastre.background), { tileSize: 256 }) }),
    },
    [
      ...(cadastre.background
        ? [{ id: 'background', type: 'raster', source: 'background', paint: { 'raster-opacity': 0.9, 'raster-fade-duration': 0 } }]
        : []),
      {
        id: 'dots', type: 'circle', source: 'roofs', 'source-layer': 'dots', maxzoom: first,
        paint: { 'circle-color': colours(cadastre), 'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, 1.6, first, 3] },
      },
      { id: 'buildings', type: 'fill', source: 'roofs', 'source-layer': 'buildings', minzoom: first, paint: { 'fill-color': '#ccd2d8' } },
      { id: 'building-edges', type: 'line', source: 'roofs', 'source-layer': 'buildings', minzoom: first, paint: { 'line-color': '#78828c', 'line-width': 0.7 } },
      { id: 'planes', type: 'fill', source: 'roofs', 'source-layer': 'planes', minzoom: first, paint: { 'fill-color': colours(cadastre) } },
      { id: 'plane-edges', type: 'line', source: 'roofs', 'source-layer': 'planes', minzoom: first + 1, paint: { 'line-color': '#ffffff', 'line-width': 1 } },
      { id: 'obstacles', type: 'fill', source: 'obstacles', paint: { 'fill-color': ['match', ['get', 'kind'], 'tree', '#2e7d32', '#37474f'], 'fill-opacity': 0.65 } },
      { id: 'obstacle-edges', type: 'line', source: 'obstacles', paint: { 'line-color': '#102027', 'line-width': 1.5 } },
      { id: 'chosen-halo', type: 'line', source: 'chosen', paint: { 'line-color': '#ffffff', 'line-width': ['case', ['get', 'chosen'], 6, 3] } },
      { id: 'chosen', type: 'line', source: 'chosen', paint: { 'line-color': '#0b2545', 'line-width': ['case', ['get', 'chosen'], 3, 1.2] } },
    ],
  );
}

export function showChosen(map, building, plane) {
  const drawn = building ? building.planes.map((p) => ({ type: 'Feature', geometry: p.geometry, properties: { chosen: p === plane } })) : [];
  showFeatures(map, 'chosen', drawn);
}

export const showObstacles = (map, drawn) => showFeatures(map, 'obstacles', drawn);
