/** A map over tiles. It draws no text, so that it needs no fonts, and asks nobody but its own server. */
import * as maplibre from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import { Protocol } from 'pmtiles';
import { beside } from '../shared/files.js';
import { t } from '../shared/i18n.js';
import './words.js';

const PLAN_IGN =
  'https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}';

const GROUND = 'ground';

/** Style of a map: sources by name, and layers over its ground. */
export const styleOf = (sources, layers) => ({
  version: 8,
  sources,
  layers: [{ id: GROUND, type: 'background', paint: { 'background-color': '#eceff1' } }, ...layers],
});
/** Source of a vector or raster archive, for the style of a map. */
export const tileSource = (type, url, more = {}) => ({ type, url: `pmtiles://${url}`, ...more });
const features = (found) => ({ type: 'FeatureCollection', features: found });
/** Source of features that the page itself gives to `showFeatures`. */
export const ownSource = () => ({ type: 'geojson', data: features([]) });

/**
 * A map of `bounds` in a style, with buttons and a scale; `attributions` are plain text. `archive` is one that is open already.
 * A click or Enter picks: `onPick(map, point)`. `onIdle` is called when all is drawn, `onFault(message, source)` when something fails.
 */
export function makeMap(container, { style, bounds: [west, south, east, north], attributions, archive, onPick, onIdle, onFault }) {
  const protocol = new Protocol();
  protocol.add(archive);
  maplibre.addProtocol('pmtiles', protocol.tile);
  maplibre.setWorkerUrl(beside(`assets/map-worker-${__MAPLIBRE__}.js`));
  const map = new maplibre.Map({
    container,
    style,
    bounds: [[west, south], [east, north]],
    fitBoundsOptions: { padding: 20, maxZoom: 17 },
    maxZoom: 21,
    minZoom: 7,
    attributionControl: { compact: true, customAttribution: attributions.map(plain).filter(Boolean).join(' · ') },
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
  map.on('click', (event) => !map.drawing && onPick(map, event.point));
  map.getCanvas().addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !map.drawing) onPick(map, map.project(map.getCenter()));
  });
  map.on('error', ({ error, sourceId }) => onFault(String(error?.message ?? error), sourceId));
  map.on('idle', () => onIdle(map));
  return map;
}

/** The hand over what can be picked. */
export function pointAt(map, layers) {
  for (const layer of layers) {
    map.on('mousemove', layer, () => !map.drawing && (map.getCanvas().style.cursor = 'pointer'));
    map.on('mouseleave', layer, () => !map.drawing && (map.getCanvas().style.cursor = ''));
  }
}

/** Names of the map and of what can be pressed on it, in the language of the page. */
export function nameControls(map, name) {
  map.getCanvas().setAttribute('aria-label', name);
  for (const [part, key] of [['zoom-in', 'zoomIn'], ['zoom-out', 'zoomOut'], ['attrib-button', 'showSources']]) {
    const button = map.getContainer().querySelector(`.maplibregl-ctrl-${part}`);
    button?.setAttribute('title', t(key));
    button?.setAttribute('aria-label', t(key));
  }
}

const plain = (text) => String(text).replace(/[<>&]/g, '');

/** Draws features in a source of the page's own, instead of those there were. */
export function showFeatures(map, source, found) {
  whenReady(map, () => map.getSource(source).setData(features(found)));
}

/** The plan of IGN under a layer; the only source that is elsewhere, and only when asked for. */
export function showPlan(map, under, wanted) {
  whenReady(map, () => {
    if (wanted && !map.getSource('plan')) {
      map.addSource('plan', { type: 'raster', tiles: [PLAN_IGN], tileSize: 256, maxzoom: 19, attribution: '© IGN' });
      map.addLayer({ id: 'plan', type: 'raster', source: 'plan' }, under);
    } else if (!wanted && map.getSource('plan')) {
      map.removeLayer('plan');
      map.removeSource('plan');
    }
  });
}

/** Acts once the style is there. */
function whenReady(map, act) {
  if (map.getLayer(GROUND)) act();
  else map.once('styledata', act);
}

/** Shows or hides a layer, where there is one. */
export function showLayer(map, layer, wanted) {
  whenReady(map, () => map.getLayer(layer) && map.setLayoutProperty(layer, 'visibility', wanted ? 'visible' : 'none'));
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
