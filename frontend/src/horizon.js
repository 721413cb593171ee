/** Horizons: those that the cadastre stores, and those that a new obstacle makes. */
import { address, fetchUnpacked, loadBlockNames, once } from './data.js';

/** Elevations in degrees from the bytes that a plane carries as hexadecimal digits. */
export function decodeHorizon(hex, step) {
  return Array.from({ length: hex.length / 2 }, (_, k) => parseInt(hex.slice(2 * k, 2 * k + 2), 16) * step);
}

const UNKNOWN = 65535;

/** One extract of the surface; format in frugal/cadastre/surface_blocks.py. */
function readBlock(buffer) {
  const view = new DataView(buffer);
  const rows = view.getUint32(8, true);
  const columns = view.getUint32(12, true);
  const lowest = view.getFloat32(36, true);
  const step = view.getFloat32(40, true);
  const bytes = new Uint8Array(buffer, 44);
  const count = rows * columns;
  const heights = new Float32Array(count);
  for (let r = 0, k = 0; r < rows; r++) {
    for (let c = 0, value = 0; c < columns; c++, k++) {
      value = (value + (bytes[k] | (bytes[count + k] << 8))) & 0xffff;
      heights[k] = value === UNKNOWN ? NaN : lowest + value * step;
    }
  }
  return { rows, columns, xMin: view.getFloat64(16, true), yMax: view.getFloat64(24, true), size: view.getFloat32(32, true), heights };
}

const loadBlock = (name) => once(`block ${name}`, async () => readBlock(await fetchUnpacked(address(`dsm/${name}.bin.gz`))));

/** The surface around a place, as one grid; null where there is none. */
export async function surfaceAround(dsm, x, y, reach) {
  const names = await loadBlockNames(dsm.blocks);
  const side = dsm.block_m;
  const wanted = [];
  for (let i = Math.floor((x - reach) / side); i <= Math.floor((x + reach) / side); i++) {
    for (let j = Math.ceil((y - reach) / side); j <= Math.ceil((y + reach) / side); j++) {
      if (names.has(`${i}_${j}`)) wanted.push(loadBlock(`${i}_${j}`));
    }
  }
  const blocks = await Promise.all(wanted);
  if (!blocks.length) return null;
  const { size } = blocks[0];
  const half = Math.ceil(reach / size);
  const left = Math.floor(x / size) - half;
  const top = Math.floor(y / size) + half;
  const n = 2 * half + 1;
  const heights = new Float32Array(n * n).fill(NaN);
  for (const block of blocks) {
    const columnShift = Math.round(block.xMin / size) - left;
    const rowShift = top - Math.round(block.yMax / size);
    for (let r = Math.max(0, -rowShift); r < Math.min(block.rows, n - rowShift); r++) {
      for (let c = Math.max(0, -columnShift); c < Math.min(block.columns, n - columnShift); c++) {
        heights[(r + rowShift) * n + c + columnShift] = block.heights[r * block.columns + c];
      }
    }
  }
  return { n, size, xMin: left * size, yMax: top * size, heights };
}

export const columnOf = (surface, x) => (x - surface.xMin) / surface.size - 0.5;
export const rowOf = (surface, y) => (surface.yMax - y) / surface.size - 0.5;

export function heightAt(surface, x, y) {
  const r = Math.round(rowOf(surface, y));
  const c = Math.round(columnOf(surface, x));
  return r >= 0 && c >= 0 && r < surface.n && c < surface.n ? surface.heights[r * surface.n + c] : NaN;
}

/** Lowest height within some metres: the ground on which an obstacle stands. */
export function groundAt(surface, x, y, radius = 12) {
  let lowest = Infinity;
  for (let dx = -radius; dx <= radius; dx += surface.size) {
    for (let dy = -radius; dy <= radius; dy += surface.size) {
      const height = heightAt(surface, x + dx, y + dy);
      if (height < lowest) lowest = height;
    }
  }
  return lowest;
}

/** The same surface with obstacles on it; trees are laid on apart, since light goes through them. */
export function withObstacles(surface, obstacles) {
  const heights = surface.heights.slice();
  for (const obstacle of obstacles) {
    const ground = groundAt(surface, ...obstacle.centre);
    if (!Number.isFinite(ground)) continue;
    const reach = obstacle.radius + surface.size;
    const [x, y] = obstacle.centre;
    for (let r = Math.ceil(rowOf(surface, y + reach)); r <= rowOf(surface, y - reach); r++) {
      for (let c = Math.ceil(columnOf(surface, x - reach)); c <= columnOf(surface, x + reach); c++) {
        if (r < 0 || c < 0 || r >= surface.n || c >= surface.n) continue;
        const px = surface.xMin + (c + 0.5) * surface.size;
        const py = surface.yMax - (r + 0.5) * surface.size;
        const top = topOf(obstacle, px, py);
        const k = r * surface.n + c;
        // Cells that are unknown stay so: no ray was stopped there before either.
        if (top > 0 && ground + top > heights[k]) heights[k] = ground + top;
      }
    }
  }
  return { ...surface, heights };
}

function topOf(obstacle, x, y) {
  if (obstacle.kind === 'building') return inside(obstacle.corners, x, y) ? obstacle.height : 0;
  const away = Math.hypot(x - obstacle.centre[0], y - obstacle.centre[1]) / obstacle.radius;
  if (away > 1) return 0;
  // A crown as half an ellipsoid over the upper two thirds of the tree; below it the ray is not stopped by less.
  return obstacle.height * (1 / 3 + (2 / 3) * Math.sqrt(1 - away * away));
}

export function inside(ring, x, y) {
  let odd = false;
  for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
    const [xa, ya] = ring[a];
    const [xb, yb] = ring[b];
    if (ya > y !== yb > y && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) odd = !odd;
  }
  return odd;
}

/** Tangent of the highest obstacle along one ray, met at the lines between cell centres (physics/solar/horizon.py). */
function rayTangent(surface, row, column, height, azimuth, reach, highest) {
  const { heights, n, size } = surface;
  const east = Math.sin(azimuth);
  const south = -Math.cos(azimuth);
  const columnStep = east > 0 ? 1 : -1;
  const rowStep = south > 0 ? 1 : -1;
  let nextColumn = east > 0 ? Math.floor(column) + 1 : Math.ceil(column) - 1;
  let nextRow = south > 0 ? Math.floor(row) + 1 : Math.ceil(row) - 1;
  let best = 0;
  for (;;) {
    const toColumn = Math.abs(nextColumn - column) / Math.abs(east);
    const toRow = Math.abs(nextRow - row) / Math.abs(south);
    const alongRow = toRow < toColumn;
    const walked = alongRow ? toRow : toColumn;
    const distance = walked * size;
    if (!(distance <= reach) || highest - height <= best * distance) return best;
    const position = alongRow ? column + east * walked : row + south * walked;
    const line = alongRow ? nextRow : nextColumn;
    if (line < 0 || line >= n || position < 0 || position > n - 1) return best;
    const low = Math.min(Math.floor(position), n - 2);
    const share = position - low;
    const first = alongRow ? heights[line * n + low] : heights[low * n + line];
    const second = alongRow ? heights[line * n + low + 1] : heights[(low + 1) * n + line];
    const found = Number.isNaN(first) || Number.isNaN(second) ? (share > 0.5 ? second : first) : first + share * (second - first);
    if (distance >= size && found - height > best * distance) best = (found - height) / distance;
    if (alongRow) nextRow += rowStep;
    else nextColumn += columnStep;
  }
}

/** Elevations of `sectors` directions from true north, mean over the points and over `rays` per sector. */
export function horizonOf(surface, points, sectors, turn, reach = 200, rays = 3) {
  let highest = -Infinity;
  for (let k = 0; k < surface.heights.length; k++) if (surface.heights[k] > highest) highest = surface.heights[k];
  const width = (2 * Math.PI) / sectors;
  return Array.from({ length: sectors }, (_, k) => {
    let total = 0;
    for (const [x, y, height] of points) {
      for (let s = 0; s < rays; s++) {
        const azimuth = width * (k + (s + 0.5) / rays - 0.5) + turn;
        total += Math.atan(rayTangent(surface, rowOf(surface, y), columnOf(surface, x), height, azimuth, reach, highest));
      }
    }
    return ((total / (points.length * rays)) * 180) / Math.PI;
  });
}
