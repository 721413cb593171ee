/** Yields as the page tells them: to as many digits as their P10–P90 supports. The files to take away keep them all. */
import { language, number, unit } from '../shared/i18n.js';
import { stepOf, toStep } from '../shared/rounding.js';

/** Half of P10–P90 as a share of the yield, where no spread is told: planes of a cadastre have 0.05 to 0.1. */
const TYPICAL = 0.07;
/** A month differs more from year to year than the year does. */
const MONTH = 2;

/** P10 and P90 as shares of the yield they belong to; null where nothing fits on the roof. */
export const spreadOf = ({ yield_kwh: middle, yield_p10_kwh: low, yield_p90_kwh: high }) =>
  middle > 0 && high >= low ? [low / middle, high / middle] : null;

const half = (spread) => (spread ? (spread[1] - spread[0]) / 2 : TYPICAL);

/** Step for a yearly yield [kWh], for its P10 and its P90. */
export const yearStep = (yearly, spread = null) => stepOf(half(spread) * yearly);
/** One step for the twelve months of a plane, that of the largest. */
export const monthStep = (largest, spread = null) => stepOf(MONTH * half(spread) * largest);

export const kwh = (value, step = yearStep(value)) => unit(toStep(value, step), 'kWh');
/** `P10 to P90` of a yield, both to its step. */
export const rangeOf = (yearly, spread) => {
  const step = yearStep(yearly, spread);
  return [number(toStep(spread[0] * yearly, step)), kwh(spread[1] * yearly, step)];
};
export const kwp = () => (language() === 'fr' ? 'kWc' : 'kWp');
