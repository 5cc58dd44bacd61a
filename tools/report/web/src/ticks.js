// Where an axis begins, ends and has ticks. All in axis units: logarithmic axes count powers of 10 or of 2, so that
// 1e-45 and 1e38 are as harmless as 1 and 10.

import {format_number, format_power_of_ten, format_power_of_two} from './numbers.js';

/**
 * @typedef {Object} Range
 * @property {number} min
 * @property {number} max
 * @property {number[]} ticks
 * @property {function(number): string} label of a tick
 */

const EPSILON = 1e-9;

function multiples(step, min, max) {
  const ticks = [];
  for (let i = Math.ceil(min / step - EPSILON); i <= Math.floor(max / step + EPSILON); i++) ticks.push(i * step);
  return ticks;
}

/** The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not below step. */
function nice_step(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 2.5, 5, 10].find(factor => factor * power >= step * (1 - EPSILON));
}

/**
 * @param {number} low lowest value
 * @param {number} high
 * @param {{count: number, snap: boolean, whole: boolean}} options snap: ends at ticks rather than at the values; whole: ticks at
 *     whole numbers only
 * @returns {Range}
 */
export function linear_range(low, high, {count, snap, whole}) {
  if (low === high) [low, high] = whole ? [low - 1, high + 1] : low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  let step = nice_step((high - low) / count);
  if (whole) step = Math.max(1, Math.floor(step)); // 2 in place of 2.5
  const min = snap ? Math.floor(low / step + EPSILON) * step : low;
  const max = snap ? Math.ceil(high / step - EPSILON) * step : high;
  return {min, max, ticks: multiples(step, min, max), label: tick => format_number(Number(tick.toPrecision(12)))};
}

const DECADES = [1, 2, 3, 5, 10, 15, 20];

/** Exponents of 10. Up to 2.5 decades have ticks at 1, 2 and 5, more of them at whole decades. */
export function decimal_range(low, high, {count, snap}) {
  if (high - low < 0.01) [low, high] = [low - 0.2, high + 0.2];
  if (high - low <= 2.5) return ones_twos_fives(low, high, count, snap);
  const step = DECADES.find(decades => decades >= (high - low) / count) ?? 30;
  const min = snap ? Math.floor(low + EPSILON) : low;
  const max = snap ? Math.ceil(high - EPSILON) : high;
  return {min, max, ticks: multiples(step, min, max), label: format_power_of_ten};
}

function ones_twos_fives(low, high, count, snap) {
  const all = [];
  for (let decade = Math.floor(low) - 1; decade <= Math.ceil(high); decade++) {
    for (const digit of [1, 2, 5]) all.push({at: decade + Math.log10(digit), digit, decade});
  }
  const before = all.filter(tick => tick.at <= low + EPSILON).at(-1).at;
  const after = all.find(tick => tick.at >= high - EPSILON)?.at ?? high;
  const [min, max] = snap ? [before, after] : [low, high];
  let inside = all.filter(tick => tick.at >= min - EPSILON && tick.at <= max + EPSILON);
  if (inside.length > count + 2) inside = inside.filter(tick => tick.digit === 1);
  const text = new Map(inside.map(tick => [tick.at, format_number(Number(`${tick.digit}e${tick.decade}`))]));
  return {min, max, ticks: [...text.keys()], label: tick => text.get(tick) ?? ''};
}

/** Exponents of 2. */
export function binary_range(low, high, {count, unit}) {
  if (low === high) [low, high] = [low - 1, high + 1];
  const step = Math.max(1, Math.ceil((high - low) / count));
  return {min: low, max: high, ticks: multiples(step, low, high), label: tick => format_power_of_two(tick) + unit};
}
