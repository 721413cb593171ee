/** How many digits of a number are worth showing: as many as its spread supports. */
import { number } from './i18n.js';

const exponent = (value) => Math.floor(Math.log10(Math.abs(value) || 1));
/** Power of ten without what floating point leaves of 10 ** -3. */
const power = (of) => Number(`1e${of}`);

/** Power of ten that values are rounded to: at most half of half their spread, and no finer than `finest`. */
export const stepOf = (halfSpread, finest = 1) => Math.max(halfSpread > 0 ? power(Math.floor(Math.log10(halfSpread / 2))) : 0, finest);

/** The nearest multiple of a power of ten. */
export const toStep = (value, step) => (step < 1 ? Math.round(value * Math.round(1 / step)) / Math.round(1 / step) : Math.round(value / step) * step);
/** Decimals that a multiple of this step has. */
export const decimalsOf = (step) => Math.max(-Math.floor(Math.log10(step) + 1e-9), 0);
/** Step that leaves so many significant digits. */
export const digitStep = (value, digits) => power(exponent(value) - digits + 1);

/** Rounded to so many significant digits, no finer than a unit. */
export const significant = (value, digits) => toStep(value, Math.max(digitStep(value, digits), 1));
/** Written with so many significant digits, decimals where it takes them. */
export const withDigits = (value, digits) => number(value, Math.max(digits - 1 - exponent(value), 0));
