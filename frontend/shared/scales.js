/** Where lines of a grid and values stand in a picture. */

/** Round numbers from `low` to `high`, at most so many steps; none where there is nothing between. */
export function ticks(low, high, most = 4) {
  const span = high - low;
  if (!(span > 1e-6 * Math.max(Math.abs(low), Math.abs(high)))) return [];
  const rough = 10 ** Math.floor(Math.log10(span));
  const step = [0.5, 1, 2.5, 5].map((k) => k * rough).find((value) => span / value <= most);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => (first + k) * step);
}

/** Position of a value between two ends of a picture. */
export const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

/** Bounds that hold zero and all values. */
export const boundsWithZero = (...series) => [Math.min(0, ...series.flat()), Math.max(0, ...series.flat())];

/** Step of a slider: a power of ten, or two or five of it, of which the bounds hold a hundred or more. */
export function sliderStep(low, high) {
  const rough = 10 ** Math.floor(Math.log10((high - low) / 100));
  return Number([5, 2, 1].map((k) => k * rough).find((step) => (high - low) / step >= 100 - 1e-9).toPrecision(1));
}
