/** Buildings and their roof planes out of the tiles. */
import { largestPieces } from '../geo/rings.js';
import { tilesAround, tilesNear } from '../geo/tile_grid.js';
import { readTiles } from '../geo/tiles.js';

/** Share of a tile within which a place is looked for beyond its edges. */
const MARGIN = 0.12;

/** The building near a place, and its planes. */
export async function loadBuilding(archive, zoom, id, lon, lat) {
  const read = async (tiles) => pick(await readTiles(archive, ['planes', 'buildings'], zoom, tiles), id);
  const building = await read(tilesNear(lon, lat, zoom, MARGIN));
  const whole = !building || building.planes.length >= (building.properties.planes ?? 0);
  return whole ? building : read(tilesAround(lon, lat, zoom));
}

function pick(features, id) {
  const of = (name) => features[name].filter((feature) => String(feature.properties.building_id) === id);
  const planes = largestPieces(of('planes'), 'plane_id');
  const [outline] = largestPieces(of('buildings'), 'building_id');
  if (!planes.length && !outline) return null;
  planes.sort((a, b) => b.properties.yield_kwh - a.properties.yield_kwh);
  return { id, properties: outline?.properties ?? {}, outline, planes };
}

/** Number of a plane, as the tables of the cadastre have it: the largest plane of a building is the first. */
export function planeNumber(building, plane) {
  const found = /-(\d+)$/.exec(String(plane.properties.plane_id));
  return found ? Number(found[1]) : building.planes.indexOf(plane) + 1;
}

/** A long number of a building, short enough for a line; a search finds it by this part as well. */
export function shortId(id) {
  if (id.length <= 16) return id;
  const [first] = id.split('-');
  return first.length >= 6 && first.length <= 12 ? `${first}…` : `…${id.slice(-8)}`;
}
