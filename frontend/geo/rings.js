/** Rings of polygons in the plane: areas, middles, what is inside. */

/** Whether a point is inside a ring. */
export function inside(ring, x, y) {
  let odd = false;
  for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
    const [xa, ya] = ring[a];
    const [xb, yb] = ring[b];
    if (ya > y !== yb > y && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) odd = !odd;
  }
  return odd;
}

const ringArea = (ring) =>
  Math.abs(ring.reduce((sum, [x, y], k) => sum + x * ring[(k + 1) % ring.length][1] - y * ring[(k + 1) % ring.length][0], 0)) / 2;
const polygons = (geometry) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates);
/** Outer ring of a polygon, or of the largest of several. */
export const outerRing = (geometry) =>
  polygons(geometry)
    .map((rings) => rings[0])
    .reduce((largest, ring) => (ringArea(ring) > ringArea(largest) ? ring : largest));
const sizeOf = (feature) => polygons(feature.geometry).reduce((sum, rings) => sum + ringArea(rings[0]), 0);

/** Of a feature cut by the edges of tiles the largest piece, which with the margin of the tiles is mostly the whole. */
export function largestPieces(features, key) {
  const found = new Map();
  for (const feature of features) {
    const known = found.get(feature.properties[key]);
    if (!known || sizeOf(feature) > sizeOf(known)) found.set(feature.properties[key], feature);
  }
  return [...found.values()];
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
