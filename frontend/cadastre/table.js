/**
 * The answer `cumulative_sky` from its table: the light of a year above each elevation, in each sector of the sky.
 * Format and equations: frugal/cadastre/yields/sky_table.py and frugal/physics/solar/sky.py.
 */
import { fetchUnpacked, once } from '../shared/files.js';
import { address } from './data.js';

const RADIANS = Math.PI / 180;

export const loadTable = (file) => once('table', async () => readTable(await fetchUnpacked(address(file))));

function readTable(buffer) {
  if (new TextDecoder().decode(new Uint8Array(buffer, 0, 8)) !== 'FRUGSKY1') throw new Error('not a table of the sky');
  const [sectors, steps, months, mountings] = new Uint32Array(buffer.slice(8, 24));
  const floats = new Float32Array(buffer.slice(24, 24 + 4 * months * (mountings + 3)));
  const width = steps + 1;
  const count = 2 * sectors * months * width;
  const planes = new Uint8Array(buffer, 24 + 4 * floats.length);
  const bits = new Uint32Array(count);
  for (let k = 0; k < count; k++) {
    const step =
      planes[k] | (planes[count + k] << 8) | (planes[2 * count + k] << 16) | (planes[3 * count + k] << 24);
    bits[k] = k % width === 0 ? step : bits[k - 1] + step; // Uint32Array wraps as the writer did
  }
  const values = new Float32Array(bits.buffer);
  return {
    sectors,
    steps,
    months,
    ground: floats.subarray(0, months),
    ratio: (row, month) => floats[(row + 1) * months + month],
    mountings,
    horizontal: values.subarray(0, count / 2),
    vertical: values.subarray(count / 2),
  };
}

/**
 * Monthly yields per kWp, their sum, the share lost to shading, and the loss of each sector of the horizon.
 * `roof`: tilt, azimuth, horizon (degrees, one per sector), albedo, ratio, mounting.
 */
export function tableAnswer(table, roof) {
  const { months, sectors } = table;
  const performance = Array.from(
    { length: months },
    (_, m) =>
      table.ratio(roof.mounting, m) +
      roof.ratio * table.ratio(table.mountings, m) +
      roof.ratio ** 2 * table.ratio(table.mountings + 1, m),
  );
  const up = Math.cos(roof.tilt * RADIANS);
  const flat = Math.sin(roof.tilt * RADIANS);
  const east = flat * Math.sin(roof.azimuth * RADIANS);
  const north = flat * Math.cos(roof.azimuth * RADIANS);
  const monthly = Array.from({ length: months }, (_, m) => roof.albedo * table.ground[m] * 0.5 * (1 - up));
  const open = [...monthly];
  const sectorLoss = new Array(sectors).fill(0);
  for (let k = 0; k < sectors; k++) {
    const azimuth = (2 * Math.PI * k) / sectors;
    const toward = east * Math.sin(azimuth) + north * Math.cos(azimuth);
    const own = Math.max(-toward / Math.hypot(toward, up), 0);
    const seen = place(table, Math.max(own, Math.sin(roof.horizon[k] * RADIANS)));
    const whole = place(table, own);
    for (let m = 0; m < months; m++) {
      const row = (k * months + m) * (table.steps + 1);
      const lit = up * at(table.vertical, row, seen) + toward * at(table.horizontal, row, seen);
      const unshaded = up * at(table.vertical, row, whole) + toward * at(table.horizontal, row, whole);
      monthly[m] += lit;
      open[m] += unshaded;
      sectorLoss[k] += (unshaded - lit) * performance[m];
    }
  }
  const yields = monthly.map((value, m) => value * performance[m]);
  const unshaded = Math.max(open.reduce((sum, value, m) => sum + value * performance[m], 0), 1e-9);
  const yearly = yields.reduce((sum, value) => sum + value, 0);
  return {
    monthly: yields.map((value) => Math.max(value, 0)),
    yearly: Math.max(yearly, 0),
    shading: Math.max(1 - yearly / unshaded, 0),
    sectorLoss: sectorLoss.map((value) => value / unshaded),
  };
}

function place(table, sine) {
  const position = Math.min(sine, 1) * table.steps;
  const low = Math.min(Math.floor(position), table.steps - 1);
  return { low, share: position - low };
}

function at(values, row, { low, share }) {
  const first = values[row + low];
  return first + share * (values[row + low + 1] - first);
}
