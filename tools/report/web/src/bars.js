// Groups of bars, lying: names of kernels have room beside them on a phone, too.

import {axis_option, base_option, tick_count} from './options.js';
import {describe_value, make_scale} from './scale.js';
import {cut_notes, ends_of, interval_text, lost_notes, mark_notes} from './wording.js';
import {marks_series} from './marks.js';
import {strokes} from './intervals.js';

const GAPS = {barGap: '15%', barCategoryGap: '28%'};
const BAR_HEIGHT = 13;
const CAP = 3;

/**
 * @param {import('./chart.js').ChartData} data
 * @param {{hidden: Set<number>, width: number, palette: Object}} state
 * @returns {import('./chart.js').Picture}
 */
export function bars_picture(data, {hidden, width, palette}) {
  const categories = data.x.categories ?? [];
  const all = data.series.flatMap(series => series.points);
  const marks = (data.marks ?? []).filter(mark => mark.axis === 'y');
  const names = make_scale({...data.x, scale: 'category', categories}, [], [], {count: 0});
  const lengths = make_scale(data.y, all.map(point => point[1]), marks.map(mark => mark.at), {
    count: tick_count(width * 0.75, 70), zero: true, intervals: ends_of(all)
  });

  const option = {
    ...base_option(palette, points => describe(data, points), 'axis'),
    grid: {left: 8, right: width < 480 ? 16 : 28, top: 8, bottom: 8},
    xAxis: axis_option(lengths, palette, {title_at: 'middle', lines: true}),
    yAxis: axis_option(names, palette, {title_at: 'top', lines: false, room: {beside: Math.min(220, width * 0.36)}, inverse: true}),
    series: []
  };
  option.xAxis.nameGap = 26;
  option.yAxis.name = '';
  option.tooltip.axisPointer = {type: 'shadow'};

  const visible = data.series.map((series, i) => ({series, i})).filter(({i}) => !hidden.has(i));
  const stops = [];
  visible.forEach(({series, i}, place) => {
    const color = palette.series[series.color % palette.series.length];
    const points = series.points.map(point => [point[0], ...[1, 2, 3].map(k => lengths.place(point[k]))]);
    const row = points.flatMap((point, index) => (point[1] === null ? [] : [{
      series: option.series.length, index, at: point[0], text: bar_text(data, series, series.points[index])
    }]));
    if (row.length) stops.push(row);
    option.series.push(
      {
        ...GAPS, id: `bars ${i}`, name: series.name, type: 'bar', barMaxWidth: 22, data: points.map(point => [point[1] ?? '-', point[0]]),
        itemStyle: {color, borderRadius: 1.5}, emphasis: {disabled: true}, z: 2, barMinHeight: 1
      },
      ...whiskers(points, place, visible.length, palette));
  });
  if (marks.length) {
    const drawn = marks.filter(mark => !lengths.beyond.includes(mark.at) && lengths.place(mark.at) !== null)
      .map(mark => ({axis: 'x', at: lengths.place(mark.at), label: mark.label}));
    if (drawn.length) option.series.push(marks_series(drawn, palette));
  }
  // A logarithmic axis has no zero for bars to begin at.
  option.xAxis.startValue = data.y.scale === 'log' ? lengths.min : 0;
  const group = Math.max(visible.length, 1) * BAR_HEIGHT + 12;
  const height = 60 + categories.length * Math.max(group, 26);
  return {option, height, stops: turn(stops), notes: [...mark_notes(data, names, lengths), ...cut_notes(lengths), ...lost_notes(data, names, lengths)]};
}

/** Along a row the eye goes down the categories; arrow keys follow it: up and down to the next category, sideways in a group. */
function turn(stops) {
  const by_category = new Map();
  stops.forEach((row, member) => row.forEach(stop => {
    if (!by_category.has(stop.at)) by_category.set(stop.at, []);
    by_category.get(stop.at).push({...stop, at: member});
  }));
  return [...by_category.keys()].sort((a, b) => a - b).map(category => by_category.get(category));
}

/** Where ECharts puts bars of a group is asked for with the same gaps. */
function whiskers(points, place, count, palette) {
  const known = points.filter(point => point[1] !== null && point[2] !== null && point[3] !== null);
  if (!known.length) return [];
  return [{
    type: 'custom', silent: true, tooltip: {show: false}, z: 3, data: known, encode: {x: [], y: []}, clip: true,
    renderItem: (params, api) => {
      const [category, , low, high] = known[params.dataIndex];
      const middle = api.barLayout({...GAPS, barMaxWidth: 22, count})[place].offsetCenter;
      const [left, y] = api.coord([low, category]);
      const [right] = api.coord([high, category]);
      const at = y + middle;
      return strokes([[left, at, right, at], [left, at - CAP, left, at + CAP], [right, at - CAP, right, at + CAP]], palette.ink);
    }
  }];
}

function bar_text(data, series, point) {
  return `${data.x.categories[point[0]]}, ${series.name}: ${data.y.name} ${describe_value(data.y, point[1])}${interval_text(point)}`;
}

function describe(data, points) {
  const known = points.filter(point => point.seriesId?.startsWith('bars '));
  if (!known.length) return [];
  const of = point => data.series[Number(point.seriesId.slice('bars '.length))];
  const value_of = point => of(point).points[point.dataIndex];
  return [
    String(data.x.categories[value_of(known[0])[0]]),
    ...known.filter(point => value_of(point)[1] !== null)
      .map(point => `${of(point).name}: ${describe_value(data.y, value_of(point)[1])}${interval_text(value_of(point))}`)
  ];
}
