/** The map itself. It draws no text, so that it needs no fonts, and asks nobody but its own server. */
import * as maplibre from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import { Protocol } from 'pmtiles';
import { address } from './data.js';
import { t, told } from './words.js';

const PLAN_IGN =
  'https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}';

export function makeMap(container, cadastre, archive, { onPick, onView, onFault }) {
  const protocol = new Protocol();
  protocol.add(archive);
  maplibre.addProtocol('pmtiles', protocol.tile);
  maplibre.setWorkerUrl(new URL(`assets/map-worker-${__MAPLIBRE__}.js`, document.baseURI).href);
  const [west, south, east, north] = cadastre.bounds_wgs84;
  const map = new maplibre.Map({
    container,
    style: style(cadastre),
    bounds: [[west, south], [east, north]],
    fitBoundsOptions: { padding: 20, maxZoom: 17 },
    maxZoom: 21,
    minZoom: 7,
    attributionControl: { compact: true, customAttribution: [cadastre.title, ...(cadastre.attributions ?? [])].map((text) => plain(told(text))).filter(Boolean).join(' · ') },
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
  });
  map.touchZoomRotate.disableRotation();
  map.once('load', () => {
    // The footer tells the sources in full: here they open on demand, and leave a small map free.
    const sources = map.getContainer().querySelector('.maplibregl-ctrl-attrib');
    sources?.classList.remove('maplibregl-compact-show');
    sources?.removeAttribute('open');
  });
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  map.addControl(new maplibre.ScaleControl());
  const pickAt = (point) => {
    const box = [[point.x - 3, point.y - 3], [point.x + 3, point.y + 3]];
    const found = map.queryRenderedFeatures(box, { layers: ['planes', 'buildings', 'dots'] });
    if (!found.length) return;
    if (found[0].layer.id === 'dots') {
      map.jumpTo({ center: map.unproject(point), zoom: map.getZoom() + 2 });
      return;
    }
    const plane = found.find((feature) => feature.layer.id === 'planes');
    const { building_id: id } = (plane ?? found[0]).properties;
    const place = map.unproject(point);
    onPick(String(id), place.lng, place.lat, plane?.properties.plane_id);
  };
  map.on('click', (event) => !map.drawing && pickAt(event.point));
  for (const layer of ['planes', 'buildings', 'dots']) {
    map.on('mousemove', layer, () => !map.drawing && (map.getCanvas().style.cursor = 'pointer'));
    map.on('mouseleave', layer, () => !map.drawing && (map.getCanvas().style.cursor = ''));
  }
  map.getCanvas().addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !map.drawing) pickAt(map.project(map.getCenter()));
  });
  map.on('error', ({ error, sourceId }) => onFault(String(error?.message ?? error), sourceId));
  map.on('idle', () => onView(inView(map)));
  return map;
}

/** Names of what can be pressed on the map, in the language of the page. */
export function nameControls(map) {
  map.getCanvas().setAttribute('aria-label', `${t('map')}. ${t('mapHelp')}`);
  for (const [part, name] of [['zoom-in', 'zoomIn'], ['zoom-out', 'zoomOut'], ['attrib-button', 'showSources']]) {
    const button = map.getContainer().querySelector(`.maplibregl-ctrl-${part}`);
    button?.setAttribute('title', t(name));
    button?.setAttribute('aria-label', t(name));
  }
}

const plain = (text) => String(text).replace(/[<>&]/g, '');

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
const nothing = { type: 'FeatureCollection', features: [] };

function style(cadastre) {
  const first = cadastre.tiles.planes_from;
  const roofs = `pmtiles://${address(cadastre.tiles.file)}`;
  return {
    version: 8,
    sources: {
      roofs: { type: 'vector', url: roofs },
      chosen: { type: 'geojson', data: nothing },
      obstacles: { type: 'geojson', data: nothing },
      ...(cadastre.background && {
        background: { type: 'raster', url: `pmtiles://${address(cadastre.background)}`, tileSize: 256 },
      }),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': '#eceff1' } },
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
  };
}

export function showChosen(map, building, plane) {
  const features = building
    ? building.planes.map((p) => ({ type: 'Feature', geometry: p.geometry, properties: { chosen: p === plane } }))
    : [];
  whenReady(map, () => map.getSource('chosen').setData({ type: 'FeatureCollection', features }));
}

export function showObstacles(map, features) {
  whenReady(map, () => map.getSource('obstacles').setData({ type: 'FeatureCollection', features }));
}

/** The plan of IGN under the roofs; the only layer that comes from elsewhere, and only when asked for. */
export function showPlan(map, wanted) {
  whenReady(map, () => {
    if (wanted && !map.getSource('plan')) {
      map.addSource('plan', { type: 'raster', tiles: [PLAN_IGN], tileSize: 256, maxzoom: 19, attribution: '© IGN' });
      map.addLayer({ id: 'plan', type: 'raster', source: 'plan' }, 'buildings');
    } else if (!wanted && map.getSource('plan')) {
      map.removeLayer('plan');
      map.removeSource('plan');
    }
  });
}

export function showBackground(map, wanted) {
  whenReady(map, () => map.getLayer('background') && map.setLayoutProperty('background', 'visibility', wanted ? 'visible' : 'none'));
}

function whenReady(map, act) {
  if (map.getSource('chosen')) act();
  else map.once('styledata', act);
}

/** Clicks on the map until `finish` or Escape; resolves to places, or to null. */
export function draw(map, { single, onChange }) {
  const places = [];
  const { promise, resolve } = Promise.withResolvers?.() ?? deferred();
  const canvas = map.getCanvas();
  map.drawing = true;
  map.doubleClickZoom.disable();
  canvas.style.cursor = 'crosshair';
  const add = (place) => {
    places.push([place.lng, place.lat]);
    onChange(places);
    if (single) finish(places);
  };
  const click = (event) => add(event.lngLat);
  const key = (event) => {
    if (event.key === 'Escape') finish(null);
    if (event.key === 'Enter' && event.target === canvas) add(map.getCenter());
  };
  const finish = (result) => {
    map.off('click', click);
    document.removeEventListener('keydown', key);
    canvas.style.cursor = '';
    map.doubleClickZoom.enable();
    // The click that ends the drawing must not choose a roof as well.
    setTimeout(() => (map.drawing = false));
    resolve(result);
  };
  map.on('click', click);
  document.addEventListener('keydown', key);
  return { promise, finish: () => finish(places), cancel: () => finish(null) };
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
