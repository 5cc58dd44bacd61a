// What the measurement is sure of: whiskers on few points, a band along many.

const CAP = 4;

/** More points than this in a curve get a band. */
const MOST_WHISKERS = 40;

/**
 * @param {number[][]} points [x, y, low, high] in axis units; those without interval are left out
 * @param {string} color
 */
export function interval_series(points, color) {
  const known = points.filter(point => point[1] !== null && point[2] !== null && point[3] !== null);
  if (!known.length) return [];
  const many = known.length > MOST_WHISKERS;
  return [{
    type: 'custom', silent: true, tooltip: {show: false}, z: many ? 1 : 3, data: known, encode: {x: [], y: []}, clip: true,
    renderItem: (params, api) => (many ? band : whisker)(known, params.dataIndex, api, color)
  }];
}

function whisker(points, i, api, color) {
  const [x, , low, high] = points[i];
  const [bottom, top] = [api.coord([x, low]), api.coord([x, high])];
  return strokes([
    [bottom[0], bottom[1], top[0], top[1]], [bottom[0] - CAP, bottom[1], bottom[0] + CAP, bottom[1]],
    [top[0] - CAP, top[1], top[0] + CAP, top[1]]
  ], color);
}

/** From a point to the next. */
function band(points, i, api, color) {
  if (i + 1 >= points.length) return null;
  const [[x, , low, high], [next_x, , next_low, next_high]] = [points[i], points[i + 1]];
  return {
    type: 'polygon',
    shape: {points: [api.coord([x, low]), api.coord([next_x, next_low]), api.coord([next_x, next_high]), api.coord([x, high])]},
    style: {fill: color, opacity: 0.2}
  };
}

/** @param {number[][]} lines [x1, y1, x2, y2] in pixels */
export function strokes(lines, color) {
  return {
    type: 'group',
    children: lines.map(([x1, y1, x2, y2]) => ({type: 'line', shape: {x1, y1, x2, y2}, style: {stroke: color, lineWidth: 1.2}}))
  };
}
