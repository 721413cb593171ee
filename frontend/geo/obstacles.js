/** New buildings and trees: their shapes, and the horizon that they make for a plane. */
import { horizonOf } from './horizon.js';
import { localFrame } from './projection.js';
import { inside, middle, outerRing } from './rings.js';
import { heightAt, surfaceAround, withObstacles } from './surface.js';

const REACH_M = 200;
const MODULE_ABOVE_ROOF_M = 0.1;

const square = (centre, width, depth, turn) =>
  [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([a, b]) => {
    const [u, v] = [(a * width) / 2, (b * depth) / 2];
    return [centre[0] + u * Math.cos(turn) + v * Math.sin(turn), centre[1] - u * Math.sin(turn) + v * Math.cos(turn)];
  });

/** Metres around the middle of a polygon. */
export const frameOf = (projection, geometry) => localFrame(projection, ...middle(outerRing(geometry)));

/** An obstacle from places drawn on the map. */
export function drawn(frame, { kind, places, height, radius, evergreen }) {
  const points = places.map(frame.toGrid);
  if (kind === 'tree') return tree(frame, points[0], height, radius, evergreen);
  return building(frame, points, height);
}

/** An obstacle at a distance and true azimuth from the middle of the frame. */
export function placed(frame, { kind, distance, azimuth, height, radius, width, depth, evergreen }) {
  const angle = (azimuth * Math.PI) / 180 + frame.turn;
  const centre = [frame.x0 + distance * Math.sin(angle), frame.y0 + distance * Math.cos(angle)];
  if (kind === 'tree') return tree(frame, centre, height, radius, evergreen);
  return building(frame, square(centre, width, depth, angle), height);
}

function building(frame, corners, height) {
  const centre = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length);
  const radius = Math.max(...corners.map(([x, y]) => Math.hypot(x - centre[0], y - centre[1])));
  return { kind: 'building', corners, centre, radius, height, ring: closed(corners.map(frame.toDegrees)) };
}

function tree(frame, centre, height, radius, evergreen) {
  const corners = Array.from({ length: 24 }, (_, k) => [
    centre[0] + radius * Math.sin((k * Math.PI) / 12),
    centre[1] + radius * Math.cos((k * Math.PI) / 12),
  ]);
  return { kind: 'tree', centre, radius, height, evergreen, ring: closed(corners.map(frame.toDegrees)) };
}

const closed = (ring) => [...ring, ring[0]];

export const asFeatures = (obstacles) =>
  obstacles.map(({ kind, ring }) => ({ type: 'Feature', properties: { kind }, geometry: { type: 'Polygon', coordinates: [ring] } }));

/** Up to nine points spread over a plane, at the height of modules. */
function pointsOn(surface, ring) {
  const [xs, ys] = [0, 1].map((axis) => ring.map((point) => point[axis]));
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  let found = [];
  for (let n = 3; n <= 12 && found.length < 5; n++) {
    found = [];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const [x, y] = [west + ((i + 0.5) / n) * (east - west), south + ((j + 0.5) / n) * (north - south)];
        const height = inside(ring, x, y) ? heightAt(surface, x, y) : NaN;
        if (!Number.isNaN(height)) found.push([x, y, height + MODULE_ABOVE_ROOF_M]);
      }
    }
  }
  return found.length <= 9 ? found : Array.from({ length: 9 }, (_, k) => found[Math.floor(((k + 0.5) * found.length) / 9)]);
}

/**
 * Horizons of a roof plane with the obstacles, per layer of light; null where there is no surface. `territory` tells the
 * projection, and the surface with the address of its files.
 *
 * The stored horizon stays what it is, and rises by what the obstacles add to the horizon computed here: both come from
 * slightly different points and rays, and their difference must not count as a loss. What stays below the stored horizon, of
 * hills beyond the surface for instance, takes nothing.
 */
export async function horizonsWith(territory, geometry, stored, obstacles) {
  const frame = frameOf(territory.projection, geometry);
  const surface = await surfaceAround(territory, frame.x0, frame.y0, REACH_M);
  if (!surface) return null;
  const points = pointsOn(surface, outerRing(geometry).map(frame.toGrid));
  if (!points.length) return null;
  const start = performance.now();
  let rays = 0;
  const sweep = (heights) => {
    rays += 3 * points.length * stored.length;
    return horizonOf(heights, points, stored.length, frame.turn, REACH_M);
  };
  const before = sweep(surface);
  const raised = (kinds) => {
    const after = sweep(withObstacles(surface, obstacles.filter(kinds)));
    return stored.map((value, k) => Math.min(value + Math.max(after[k] - Math.max(before[k], value), 0), 85));
  };
  const isBuilding = (o) => o.kind === 'building';
  const hasEvergreen = obstacles.some((o) => o.evergreen);
  const hasDeciduous = obstacles.some((o) => o.kind === 'tree' && !o.evergreen);
  const layers = {
    opaque: raised(isBuilding),
    evergreen: hasEvergreen ? raised((o) => isBuilding(o) || o.evergreen) : null,
    deciduous: hasDeciduous ? raised(() => true) : null,
  };
  const far = obstacles.some((o) => Math.hypot(o.centre[0] - frame.x0, o.centre[1] - frame.y0) - o.radius > REACH_M);
  return { layers, rays, ms: performance.now() - start, far, points, before };
}
