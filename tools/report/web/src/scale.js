// From the values of an axis to places on it.

import {binary_range, decimal_range, linear_range} from './ticks.js';
import {format_number, format_power_of_two} from './numbers.js';

/**
 * @typedef {Object} Scale
 * @property {function(number): ?number} place axis units of a value; null where a logarithmic axis has none
 * @property {?string[]} categories of a category axis
 * @property {string} title name and unit
 * @property {number[]} beyond marks that are too far away to be drawn
 * @property {boolean} cut whether intervals end beyond the axis
 */

/** Marks widen the axis up to this many times what the values span; others are named below the chart. */
const FARTHEST_MARK = {linear: 5, log: 2};

/** Intervals widen it by this much of that span on either side; longer ones are cut. */
const FARTHEST_INTERVAL = 0.5;

const is_number = value => typeof value === 'number' && Number.isFinite(value);

/** Within the six digits that pages carry. */
const is_power_of_two = value => value >= 1 && Math.abs(Math.log2(value) - Math.round(Math.log2(value))) < 1e-5;

/**
 * @param {{name: string, scale: string, unit?: string, categories?: string[]}} axis
 * @param {number[]} values every value that is to be on it
 * @param {number[]} marks lines across the chart
 * @param {{count: number, zero?: boolean, snap?: boolean, intervals?: number[]}} options count: about how many ticks; zero: always
 *     on a linear axis; snap: ends at ticks; intervals: ends of intervals
 * @returns {Scale & import('./ticks.js').Range}
 */
export function make_scale(axis, values, marks, {count, zero = false, snap = true, intervals = []}) {
  const title = axis.unit ? `${axis.name} (${axis.unit})` : axis.name;
  if (axis.scale === 'category') {
    return {title, categories: axis.categories ?? [], place: value => value, beyond: [], cut: false};
  }
  const logarithmic = axis.scale === 'log';
  const usable = values.filter(value => is_number(value) && (!logarithmic || value > 0));
  const binary = logarithmic && !snap && usable.length > 0 && usable.every(is_power_of_two);
  const place = value => {
    if (!is_number(value)) return null;
    if (!logarithmic) return value;
    if (value <= 0) return null;
    return binary ? Math.log2(value) : Math.log10(value);
  };
  let [low, high] = extent(usable.map(place));
  if (!logarithmic && (zero || (snap && low > 0 && low < high / 2))) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const ends = extent([low, high, ...intervals.map(place).filter(is_number)]);
  const room = FARTHEST_INTERVAL * (high - low || (logarithmic ? 1 : Math.abs(high)));
  const cut = ends[0] < low - room || ends[1] > high + room;
  [low, high] = [Math.max(ends[0], low - room), Math.min(ends[1], high + room)];
  const reach = (logarithmic ? FARTHEST_MARK.log : FARTHEST_MARK.linear) * Math.max(high - low, logarithmic ? 1 : 0);
  const beyond = [];
  const span = [low, high];
  for (const mark of marks) {
    const at = place(mark);
    if (at === null || Math.max(high, at) - Math.min(low, at) > reach) beyond.push(mark);
    else span.push(at);
  }
  [low, high] = extent(span);
  if (!snap && high > low) {
    const margin = 0.02 * (high - low);
    [low, high] = [low - margin, high + margin];
  }
  const make_range = binary ? binary_range : logarithmic ? decimal_range : linear_range;
  const whole = !snap && usable.every(Number.isInteger);
  const in_bytes = binary && axis.unit === 'B'; // the ticks say so: 4 KiB
  const range = make_range(low, high, {count, snap, whole, unit: in_bytes ? 'B' : ''});
  return {title: in_bytes ? axis.name : title, categories: null, place, beyond, cut, ...range};
}

function extent(numbers) {
  if (!numbers.length) return [0, 1];
  let low = numbers[0];
  let high = low;
  for (const number of numbers) {
    if (number < low) low = number;
    if (number > high) high = number;
  }
  return [low, high];
}

/** A value of an axis in words. */
export function describe_value(axis, value) {
  if (axis.scale === 'category') return String(axis.categories?.[value] ?? value);
  if (axis.scale === 'log' && value >= 1024 && is_power_of_two(value)) return `${format_power_of_two(Math.round(Math.log2(value)))}${axis.unit ?? ''}`;
  return format_number(value) + (axis.unit && value !== null ? ` ${axis.unit}` : '');
}
