/** Heights of a surveyed surface around a place, and obstacles put on it. */
import { fetchJson, fetchUnpacked, once } from '../shared/files.js';
import { inside } from './rings.js';

const UNKNOWN = 65535;

/** One extract of the surface; format in frugal/cadastre/web_map/surface_blocks.py. */
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

const loadBlock = (url) => once(`block ${url}`, async () => readBlock(await fetchUnpacked(url)));
const loadBlockNames = (url) => once(`blocks ${url}`, async () => new Set(await fetchJson(url)));

/**
 * The surface around a place, as one grid; null where there is none. `dsm` tells the side of its extracts and the file of their
 * names, `address(name)` where a file is.
 */
export async function surfaceAround({ dsm, address }, x, y, reach) {
  const names = await loadBlockNames(address(dsm.blocks));
  const side = dsm.block_m;
  const wanted = [];
  for (let i = Math.floor((x - reach) / side); i <= Math.floor((x + reach) / side); i++) {
    for (let j = Math.ceil((y - reach) / side); j <= Math.ceil((y + reach) / side); j++) {
      if (names.has(`${i}_${j}`)) wanted.push(loadBlock(address(`dsm/${i}_${j}.bin.gz`)));
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
function groundAt(surface, x, y, radius = 12) {
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
