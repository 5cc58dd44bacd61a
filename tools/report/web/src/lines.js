// Curves and points over two axes.

import {axis_option, base_option, names_height, tick_count} from './options.js';
import {describe_value, make_scale} from './scale.js';
import {DASHES, SYMBOLS} from './palette.js';
import {interval_series} from './intervals.js';
import {marks_series} from './marks.js';
import {cut_notes, ends_of, interval_text, lost_notes, mark_notes} from './wording.js';

/** More symbols than this on one curve are a smear. */
const MOST_SYMBOLS = 20;

const HEIGHT = 340;

/**
 * @param {import('./chart.js').ChartData} data
 * @param {{hidden: Set<number>, width: number, palette: Object}} state
 * @returns {import('./chart.js').Picture}
 */
export function lines_picture(data, {hidden, width, palette}) {
  const all = data.series.flatMap(series => series.points);
  const at = axis => (data.marks ?? []).filter(mark => mark.axis === axis).map(mark => mark.at);
  const narrow = width < 480;
  const x = make_scale(data.x, all.map(point => point[0]), at('x'), {count: tick_count(width, 85), snap: false});
  const y = make_scale(data.y, all.map(point => point[1]), at('y'), {count: 6, intervals: ends_of(all)});

  const option = {
    ...base_option(palette, points => describe(data, points), 'axis'),
    grid: {left: 8, right: narrow ? 12 : 24, top: 32, bottom: 8},
    xAxis: axis_option(x, palette, {title_at: 'middle', lines: false, room: {each: (width - 80) / Math.max(x.categories?.length ?? 1, 1)}}),
    yAxis: axis_option(y, palette, {title_at: 'top', lines: true}),
    series: []
  };
  const names = x.categories ? names_height(x.categories, (width - 80) / Math.max(x.categories.length, 1)) : 20;
  option.xAxis.nameGap = names + 8;
  option.tooltip.axisPointer = {type: 'line', snap: true};

  const stops = [];
  data.series.forEach((series, i) => {
    if (hidden.has(i)) return;
    const color = palette.series[series.color % palette.series.length];
    const places = series.points.map(point => [x.place(point[0]), ...[1, 2, 3].map(k => y.place(point[k]))]);
    const row = [];
    places.forEach((place, index) => {
      if (place[0] === null || place[1] === null) return;
      row.push({series: option.series.length, index, at: place[0], text: point_text(data, series, series.points[index])});
    });
    if (row.length) stops.push(row.sort((a, b) => a.at - b.at));
    option.series.push(curve(series, i, places, color), ...interval_series(places, color));
  });
  const marks = (data.marks ?? [])
    .map(mark => ({...mark, at: (mark.axis === 'x' ? x : y).place(mark.at), value: mark.at}))
    .filter(mark => !(mark.axis === 'x' ? x : y).beyond.includes(mark.value) && mark.at !== null);
  if (marks.length) option.series.push(marks_series(marks, palette));
  return {option, height: (narrow ? 280 : HEIGHT) + names, stops, notes: [...mark_notes(data, x, y), ...cut_notes(y), ...lost_notes(data, x, y)]};
}

function curve(series, number, places, color) {
  const symbol = SYMBOLS[series.color % SYMBOLS.length];
  const common = {id: `curve ${number}`, name: series.name, data: places.map(([px, py]) => [px, py ?? '-']), z: 2};
  if (series.style === 'points') {
    return {...common, type: 'scatter', symbol, symbolSize: 9, itemStyle: {color, opacity: 0.9}};
  }
  const theory = series.style === 'dashed' || series.style === 'dotted';
  const step = Math.max(1, Math.ceil(places.length / MOST_SYMBOLS));
  return {
    ...common, type: 'line', symbol, showSymbol: true, showAllSymbol: true, connectNulls: false, clip: true,
    symbolSize: (_, params) => (theory || (params.dataIndex + number) % step ? 0 : 7),
    lineStyle: {color, width: theory ? 1.5 : 2, type: DASHES[series.style] ?? 'solid'},
    itemStyle: {color},
    emphasis: {disabled: true}
  };
}

/** A point may have a name of its own. */
function name_of(series, point) {
  return point[4] ? `${series.name}, ${point[4]}` : series.name;
}

function point_text(data, series, point) {
  return `${name_of(series, point)}: ${data.x.name} ${describe_value(data.x, point[0])}, ${data.y.name} ` +
      `${describe_value(data.y, point[1])}${interval_text(point)}`;
}

/** The points of all curves at one place of x. */
function describe(data, points) {
  const known = points.filter(point => point.seriesId?.startsWith('curve '));
  if (!known.length) return [];
  const of = point => data.series[Number(point.seriesId.slice('curve '.length))];
  const x = of(known[0]).points[known[0].dataIndex][0];
  return [
    `${data.x.name} ${describe_value(data.x, x)}`,
    ...known.map(point => {
      const value = of(point).points[point.dataIndex];
      return `${name_of(of(point), value)}: ${describe_value(data.y, value[1])}${interval_text(value)}`;
    })
  ];
}
