/** Buildings and planes out of the vector tiles, read without the map, so that a search works where no map can be drawn. */
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { PMTiles } from 'pmtiles';
import { address, once } from './data.js';
import { inside } from './horizon.js';

let archive = null;
export function openTiles(file) {
  archive ??= new PMTiles(address(file));
  return archive;
}

const tileOf = (lon, lat, zoom) => {
  const n = 2 ** zoom;
  const radians = (lat * Math.PI) / 180;
  return [((lon + 180) / 360) * n, ((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * n];
};

const readTile = (zoom, x, y) =>
  once(`tile ${zoom}/${x}/${y}`, async () => {
    const found = await archive.getZxy(zoom, x, y);
    if (!found) return { planes: [], buildings: [] };
    const tile = new VectorTile(new PbfReader(new Uint8Array(found.data)));
    const features = (name) => {
      const layer = tile.layers[name];
      return layer ? Array.from({ length: layer.length }, (_, k) => layer.feature(k).toGeoJSON(x, y, zoom)) : [];
    };
    return { planes: features('planes'), buildings: features('buildings') };
  });

const ringArea = (ring) =>
  Math.abs(ring.reduce((sum, [x, y], k) => sum + x * ring[(k + 1) % ring.length][1] - y * ring[(k + 1) % ring.length][0], 0)) / 2;
const polygons = (geometry) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates);
export const outerRing = (geometry) =>
  polygons(geometry)
    .map((rings) => rings[0])
    .reduce((largest, ring) => (ringArea(ring) > ringArea(largest) ? ring : largest));
const size = (feature) => polygons(feature.geometry).reduce((sum, rings) => sum + ringArea(rings[0]), 0);

/** Of a feature cut by the edges of tiles the largest piece, which with the margin of the tiles is mostly the whole. */
function largest(features, key) {
  const found = new Map();
  for (const feature of features) {
    const known = found.get(feature.properties[key]);
    if (!known || size(feature) > size(known)) found.set(feature.properties[key], feature);
  }
  return [...found.values()];
}

/** The building and its planes near a place. */
export async function loadBuilding(zoom, id, lon, lat) {
  const [x, y] = tileOf(lon, lat, zoom);
  const margin = 0.12;
  const near = (value) => [...new Set([Math.floor(value - margin), Math.floor(value + margin)])];
  let tiles = await readTiles(zoom, near(x), near(y));
  let building = pick(tiles, id);
  if (building && building.planes.length < (building.properties.planes ?? 0)) {
    const around = (value) => [-1, 0, 1].map((d) => Math.floor(value) + d);
    tiles = await readTiles(zoom, around(x), around(y));
    building = pick(tiles, id);
  }
  return building;
}

const readTiles = (zoom, xs, ys) => Promise.all(xs.flatMap((x) => ys.map((y) => readTile(zoom, x, y))));

function pick(tiles, id) {
  const of = (name) => tiles.flatMap((tile) => tile[name]).filter((f) => String(f.properties.building_id) === id);
  const planes = largest(of('planes'), 'plane_id');
  const [outline] = largest(of('buildings'), 'building_id');
  if (!planes.length && !outline) return null;
  planes.sort((a, b) => b.properties.yield_kwh - a.properties.yield_kwh);
  return { id, properties: outline?.properties ?? {}, outline, planes };
}

/** Number of a plane, as the tables of the cadastre have it: the largest plane of a building is the first. */
export function planeNumber(building, plane) {
  const found = /-(\d+)$/.exec(String(plane.properties.plane_id));
  return found ? Number(found[1]) : building.planes.indexOf(plane) + 1;
}

/** A point well inside a ring, for a label: of a lattice the one farthest from the edges. */
export function innermost(ring, steps = 16) {
  const stretch = Math.cos((ring[0][1] * Math.PI) / 180);
  const flat = ring.map(([x, y]) => [x * stretch, y]);
  const [low, high] = [Math.min, Math.max].map((of) => [0, 1].map((axis) => of(...flat.map((point) => point[axis]))));
  let best = { room: 0, place: middle(ring) };
  for (let i = 0; i < steps * steps; i++) {
    const [x, y] = [i % steps, Math.floor(i / steps)].map((k, axis) => low[axis] + ((k + 0.5) / steps) * (high[axis] - low[axis]));
    if (!inside(flat, x, y)) continue;
    const room = Math.min(...flat.slice(1).map((b, k) => toEdge(flat[k], b, x, y)));
    if (room > best.room) best = { room, place: [x / stretch, y] };
  }
  return best.place;
}

function toEdge([xa, ya], [xb, yb], x, y) {
  const long = (xb - xa) ** 2 + (yb - ya) ** 2;
  const share = long > 0 ? Math.min(Math.max(((x - xa) * (xb - xa) + (y - ya) * (yb - ya)) / long, 0), 1) : 0;
  return Math.hypot(x - xa - share * (xb - xa), y - ya - share * (yb - ya));
}

/** Middle of a ring, inside it where it is convex. */
export function middle(ring) {
  const points = ring.slice(0, -1);
  return [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
}
