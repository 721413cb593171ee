import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeHorizon, horizonOf } from '../geo/horizon.js';
import { placed } from '../geo/obstacles.js';
import { localFrame } from '../geo/projection.js';
import { innermost, inside, largestPieces, middle, outerRing } from '../geo/rings.js';
import { heightAt, withObstacles } from '../geo/surface.js';
import { tileOf, tilesAround, tilesNear } from '../geo/tile_grid.js';

const near = (found, expected, tolerance) => assert.ok(Math.abs(found - expected) <= tolerance, `${found}, not ${expected}`);

/** A grid turned by some degrees against true north: x = 70 km/° east, 111 km/° north, then turned. */
function turned(degrees) {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const [east, north] = [70_000, 111_000];
  // Terms of u^i v^j in the order i, then j: 1, v, u.
  return { lon: -1.5, lat: 46.5, scale: 0.1, degree: 1, x: [300_000, 0.1 * north * sine, 0.1 * east * cosine], y: [6_600_000, 0.1 * north * cosine, -0.1 * east * sine] };
}

test('degrees become metres and metres degrees, and north is where it is', () => {
  const frame = localFrame(turned(2), -1.48, 46.51);
  near((frame.turn * 180) / Math.PI, 2, 1e-6);
  const place = [-1.4795, 46.5104];
  const back = frame.toDegrees(frame.toGrid(place));
  near(back[0], place[0], 1e-9);
  near(back[1], place[1], 1e-9);
  const [x, y] = frame.toGrid([-1.48, 46.511]);
  near(Math.hypot(x - frame.x0, y - frame.y0), 111, 1e-3);
});

test('an obstacle is placed at its distance and true azimuth', () => {
  const frame = localFrame(turned(2), -1.48, 46.51);
  const tree = placed(frame, { kind: 'tree', distance: 50, azimuth: 90, height: 8, radius: 3 });
  const [lon, lat] = frame.toDegrees(tree.centre);
  near((lon + 1.48) * 70_000, 50, 0.01);
  near((lat - 46.51) * 111_000, 0, 0.01);
  const house = placed(frame, { kind: 'building', distance: 20, azimuth: 0, height: 6, width: 10, depth: 4 });
  near(house.radius, Math.hypot(5, 2), 1e-9);
  assert.deepEqual(house.ring[0], house.ring.at(-1));
});

const flat = (n, size, height) => ({ n, size, xMin: 0, yMax: n * size, heights: new Float32Array(n * n).fill(height) });

test('a wall makes the horizon that its height and distance say', () => {
  const surface = flat(201, 1, 10);
  // From x = 120 eastward, 20 m above the ground, all along.
  for (let r = 0; r < 201; r++) for (let c = 120; c < 201; c++) surface.heights[r * 201 + c] = 30;
  const horizon = horizonOf(surface, [[100.5, 100.5, 10]], 36, 0, 100, 1);
  // Cell centres: the wall rises between 119.5 and 120.5.
  near(horizon[9], (Math.atan(20 / 20) * 180) / Math.PI, 0.5);
  near(horizon[6], (Math.atan(20 / (20 / Math.sin(Math.PI / 3))) * 180) / Math.PI, 0.5);
  assert.equal(horizon[27], 0);
  // In a grid turned by 90° the same wall stands to the north.
  near(horizonOf(surface, [[100.5, 100.5, 10]], 36, Math.PI / 2, 100, 1)[0], horizon[9], 1e-6);
});

test('an obstacle stands on the ground, and unknown cells stay unknown', () => {
  const surface = flat(101, 1, 5);
  surface.heights[50 * 101 + 50] = NaN;
  const house = { kind: 'building', corners: [[45, 45], [55, 45], [55, 55], [45, 55]], centre: [50, 50], radius: 8, height: 6 };
  const raised = withObstacles(surface, [house]);
  assert.equal(heightAt(raised, 46.5, 46.5), 11);
  assert.equal(heightAt(raised, 40.5, 50.5), 5);
  assert.ok(Number.isNaN(heightAt(raised, 50.5, 50.5)));
  assert.equal(heightAt(surface, 46.5, 46.5), 5);
  assert.ok(Number.isNaN(heightAt(surface, -1, 5)));
  const tree = { kind: 'tree', centre: [50, 50], radius: 4, height: 9 };
  near(heightAt(withObstacles(surface, [tree]), 49.5, 49.5), 5 + 9 * (1 / 3 + (2 / 3) * Math.sqrt(1 - 0.5 / 16)), 1e-5);
});

test('horizons are two hexadecimal digits a sector', () => {
  assert.deepEqual(decodeHorizon('00ff10', 0.35), [0, 255 * 0.35, 16 * 0.35]);
});

test('tiles of a place, by the numbers that everybody gives them', () => {
  // Notre-Dame de Paris: tile 12/2074/1409 of OpenStreetMap.
  assert.deepEqual(tileOf(2.3499, 48.853, 12).map(Math.floor), [2074, 1409]);
  assert.deepEqual(tileOf(0, 0, 3), [4, 4]);
  assert.equal(tilesNear(2.3499, 48.853, 12, 0.001).length, 1);
  assert.deepEqual(tilesNear(0.0001, 10, 3, 0.12).map(([x]) => x), [3, 4]);
  assert.equal(tilesAround(2.3499, 48.853, 12).length, 9);
});

test('rings: inside, middle, the largest piece', () => {
  const square = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]];
  assert.ok(inside(square, 1, 1) && !inside(square, 5, 1));
  assert.deepEqual(middle(square), [2, 2]);
  const ell = [[0, 0], [10, 0], [10, 2], [2, 2], [2, 10], [0, 10], [0, 0]];
  assert.ok(inside(ell, ...innermost(ell)));
  const small = [[0, 0], [1, 0], [1, 1], [0, 0]];
  assert.equal(outerRing({ type: 'MultiPolygon', coordinates: [[small], [square]] }), square);
  const feature = (ring, id) => ({ geometry: { type: 'Polygon', coordinates: [ring] }, properties: { id } });
  assert.deepEqual(largestPieces([feature(small, 1), feature(square, 1), feature(small, 2)], 'id').map(({ geometry }) => geometry.coordinates[0]), [square, small]);
});
