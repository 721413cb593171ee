/** Why a plane yields what it does: what its orientation costs, what obstacles take and from where. */
import { h } from '../shared/dom.js';
import { percent, t, unit } from '../shared/i18n.js';
import { FLAT } from './charts.js';
import { tableAnswer } from './table.js';

/** Shares below these are not worth a number, or a second direction. */
const NEGLIGIBLE = { orientation: 0.02, shading: 0.01, second: 0.005 };

let kept = { table: null, key: '', best: null };

/** The plane without obstacles that would yield most here, other things as on the roof. */
function bestOpenPlane(table, { ratio, mounting, albedo, horizon }) {
  const key = [ratio, mounting, albedo].join();
  if (kept.table === table && kept.key === key) return kept.best;
  const open = horizon.map(() => 0);
  let best = { yearly: 0 };
  for (let tilt = 0; tilt <= 60; tilt += 5) {
    for (let azimuth = 0; azimuth < 360; azimuth += 15) {
      const { yearly } = tableAnswer(table, { tilt, azimuth, ratio, mounting, albedo, horizon: open });
      if (yearly > best.yearly) best = { tilt, azimuth, yearly };
    }
  }
  kept = { table, key, best };
  return best;
}

/** Loss and highest obstacle of each of the eight directions, the heaviest loss first. */
function lossByDirection(horizon, sectorLoss) {
  const found = Array.from({ length: 8 }, (_, direction) => ({ direction, loss: 0, height: 0 }));
  sectorLoss.forEach((loss, k) => {
    const entry = found[Math.round((8 * k) / sectorLoss.length) % 8];
    entry.loss += loss;
    entry.height = Math.max(entry.height, horizon[k]);
  });
  return found.sort((a, b) => b.loss - a.loss);
}

/**
 * The audited answer tells how much obstacles take, the table from where: its losses are scaled so that they add up to what
 * the cadastre says of the plane. Where they are too small to tell, they stay as they are.
 */
export const lossScale = (plane, answer) => (answer?.shading >= NEGLIGIBLE.shading ? plane.properties.shading_loss / answer.shading : 1);

/** Sentences about the plane as it is on the roof, or null where there is no table to tell them from. */
export function why(table, plane, original, answer) {
  if (!table || !answer) return null;
  const best = bestOpenPlane(table, original);
  const open = answer.yearly / Math.max(1 - answer.shading, 1e-9);
  const cost = 1 - open / Math.max(best.yearly, 1e-9);
  const facing = best.tilt < FLAT ? t('flat') : t('bestFacing', unit(best.tilt, '°'), t('toward8')[Math.round(best.azimuth / 45) % 8]);
  const orientation = cost < NEGLIGIBLE.orientation ? t('whyBest') : t('whyOrientation', percent(cost, 0), facing);
  const scale = lossScale(plane, answer);
  const total = plane.properties.shading_loss;
  const [first, second] = lossByDirection(original.horizon, answer.sectorLoss.map((loss) => loss * scale));
  let shading = t('whyOpen', percent(total));
  if (Math.min(total, answer.shading) >= NEGLIGIBLE.shading) {
    shading = t('whyShading', percent(total), first.loss > total / 2, t('from8')[first.direction], percent(first.loss), unit(first.height, '°'));
    const more = second.loss >= NEGLIGIBLE.second && second.loss > total / 5;
    shading += more ? t('whyThen', t('from8')[second.direction], percent(second.loss)) : '.';
  }
  return h('p', { class: 'why' }, `${orientation} ${shading}`);
}
