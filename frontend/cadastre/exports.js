/** What can be taken away: a table, polygons, and the shapes for the printed sheet. */
import { innermost, outerRing } from '../geo/rings.js';
import { s, save } from '../shared/dom.js';
import { language } from '../shared/i18n.js';
import { planeNumber } from './roofs.js';

const COLUMNS = [
  'building_id', 'plane_id', 'tilt_deg', 'azimuth_deg', 'area_m2', 'usable_area_m2', 'irradiation', 'shading_loss', 'power_kwp',
  'yield_kwh', 'yield_p10_kwh', 'yield_p90_kwh', ...Array.from({ length: 12 }, (_, m) => `yield_${String(m + 1).padStart(2, '0')}_kwh`),
  'co2_avoided_kg', 'vintage', 'class', 'horizon',
];

/** How spreadsheets of each language read a table: French ones take decimal commas, and UTF-8 only where a mark says so. */
const WRITTEN = { en: { separator: ',', point: '.', mark: '' }, fr: { separator: ';', point: ',', mark: '\uFEFF' } };

/**
 * A spreadsheet must not take an id for a formula: ids come from files of others. Where one splits at another separator
 * than this table was written with, no piece may be a formula either.
 */
const harmless = (text) => (Number.isNaN(Number(text)) ? text.replace(/(^|[,;\t\r\n]\s*)(?=[=+\-@\t\r])/g, "$1'") : text);
const quoted = (text) => (/[",;\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Planes of a building as a table, every digit kept, as spreadsheets of the language read it. */
function csvOf(building, language) {
  const { separator, point, mark } = WRITTEN[language];
  const cell = (value) => (typeof value === 'number' ? String(value).replace('.', point) : quoted(harmless(String(value ?? ''))));
  const rows = building.planes.map(({ properties }) => COLUMNS.map((name) => cell(properties[name])));
  return `${mark}${[COLUMNS, ...rows].map((row) => row.join(separator)).join('\r\n')}\r\n`;
}

/** Degrees to a centimetre: tiles hold no more. */
const rounded = (value) => (Array.isArray(value) ? value.map(rounded) : Number(value.toFixed(7)));

const geojsonOf = (building) =>
  JSON.stringify({
    type: 'FeatureCollection',
    features: building.planes.map(({ geometry: { type, coordinates }, properties }) => ({
      type: 'Feature', geometry: { type, coordinates: rounded(coordinates) }, properties,
    })),
  });

const fileName = (id) => `roof-${String(id).replace(/[^\w.-]+/g, '_')}`;
export const saveCsv = (building) => save(`${fileName(building.id)}.csv`, 'text/csv;charset=utf-8', csvOf(building, language()));
export const saveGeojson = (building) => save(`${fileName(building.id)}.geojson`, 'application/geo+json', geojsonOf(building));

/** Planes of a building seen from above, north up. */
export function planOf(cadastre, building, chosen) {
  const rings = building.planes.map((plane) => outerRing(plane.geometry));
  const stretch = Math.cos((rings[0][0][1] * Math.PI) / 180);
  const points = rings.flat();
  const [xs, ys] = [points.map(([lon]) => lon * stretch), points.map(([, lat]) => -lat)];
  const [west, top] = [Math.min(...xs), Math.min(...ys)];
  const scale = 200 / Math.max(Math.max(...xs) - west, Math.max(...ys) - top, 1e-9);
  const path = (ring) => `M${ring.map(([lon, lat]) => `${((lon * stretch - west) * scale + 5).toFixed(1)} ${((-lat - top) * scale + 5).toFixed(1)}`).join('L')}Z`;
  const [width, height] = [(Math.max(...xs) - west) * scale + 10, (Math.max(...ys) - top) * scale + 10];
  return s(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, class: 'plan', 'aria-hidden': 'true' },
    building.planes.map((plane, k) =>
      s('path', {
        d: path(rings[k]),
        fill: cadastre.classes[plane.properties.class - 1]?.colour ?? '#b9bec5',
        class: plane === chosen ? 'chosen' : '',
      }),
    ),
    building.planes.map((plane, k) => {
      if (!(plane.properties.usable_area_m2 > 0)) return null;
      const [lon, lat] = innermost(rings[k]);
      return s('text', { x: (lon * stretch - west) * scale + 5, y: (-lat - top) * scale + 9, 'text-anchor': 'middle' }, String(planeNumber(building, plane)));
    }),
  );
}
