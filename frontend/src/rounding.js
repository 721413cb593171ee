/** How many digits of a yield are worth showing: as many as its spread supports. The files to take away keep them all. */
import { number, unit } from './words.js';

/** Half of P10–P90 as a share of the yield, where no spread is told: planes of a cadastre have 0.05 to 0.1. */
const TYPICAL = 0.07;
/** A month differs more from year to year than the year does. */
const MONTH = 2;

/** P10 and P90 as shares of the yield they belong to; null where nothing fits on the roof. */
export const spreadOf = ({ yield_kwh: middle, yield_p10_kwh: low, yield_p90_kwh: high }) =>
  middle > 0 && high >= low ? [low / middle, high / middle] : null;

const half = (spread) => (spread ? (spread[1] - spread[0]) / 2 : TYPICAL);
/** Power of ten that values are rounded to: at most half of half their spread, and no finer than a unit. */
const stepOf = (halfSpread) => (halfSpread > 2 ? 10 ** Math.floor(Math.log10(halfSpread / 2)) : 1);

/** Step for a yearly yield [kWh], for its P10 and its P90. */
export const yearStep = (yearly, spread = null) => stepOf(half(spread) * yearly);
/** One step for the twelve months of a plane, that of the largest. */
export const monthStep = (largest, spread = null) => stepOf(MONTH * half(spread) * largest);

export const toStep = (value, step) => Math.round(value / step) * step;
export const kwh = (value, step = yearStep(value)) => unit(toStep(value, step), 'kWh');
/** `P10 to P90` of a yield, both to its step. */
export const rangeOf = (yearly, spread) => {
  const step = yearStep(yearly, spread);
  return [number(toStep(spread[0] * yearly, step)), kwh(spread[1] * yearly, step)];
};
/** Rounded to so many significant digits, no finer than a unit. */
export const significant = (value, digits) => toStep(value, Math.max(10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - digits + 1), 1));
/** Written with so many significant digits, decimals where it takes them. */
export const withDigits = (value, digits) => number(value, Math.max(digits - 1 - Math.floor(Math.log10(Math.abs(value) || 1)), 0));
