/** Horizons: those that are stored, and those that a surface makes. */
import { columnOf, rowOf } from './surface.js';

/** Elevations in degrees from the bytes that a plane carries as hexadecimal digits. */
export function decodeHorizon(hex, step) {
  return Array.from({ length: hex.length / 2 }, (_, k) => parseInt(hex.slice(2 * k, 2 * k + 2), 16) * step);
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
