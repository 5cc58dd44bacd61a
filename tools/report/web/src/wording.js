// What charts say in words.

import {format_number} from './numbers.js';
import {describe_value} from './scale.js';

/** " (0.27 to 0.28)", or nothing. */
export function interval_text(point) {
  const [, , low, high] = point;
  return typeof low === 'number' && typeof high === 'number' ? ` (${format_number(low)} to ${format_number(high)})` : '';
}

/** The ends of all intervals. */
export function ends_of(points) {
  return points.flatMap(point => (interval_text(point) ? [point[2], point[3]] : []));
}

/** Marks that are too far from all values to be drawn. */
export function mark_notes(data, x, y) {
  const far = (data.marks ?? []).filter(mark => (mark.axis === 'x' ? x : y).beyond.includes(mark.at));
  if (!far.length) return [];
  const names = far.map(mark => `${mark.label} (${describe_value(mark.axis === 'x' ? data.x : data.y, mark.at)})`);
  return [`Beyond the edge: ${names.join(', ')}.`];
}

/** Intervals that are too long to be drawn wholly. */
export function cut_notes(scale) { return scale.cut ? ['Intervals that run into the edge go on beyond it.'] : []; }

/** Values that a logarithmic axis cannot show. */
export function lost_notes(data, x, y) {
  const points = data.series.flatMap(series => series.points);
  const lost = points.filter(point =>
    (point[0] !== null && x.place(point[0]) === null) || (typeof point[1] === 'number' && y.place(point[1]) === null));
  if (!lost.length) return [];
  return [`${lost.length} of ${points.length} points are zero or less, and a logarithmic axis has no place for them.`];
}
