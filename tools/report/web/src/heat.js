// Heat maps of two categories: one for each frame, all in the same colours.

import {axis_option, base_option, names_height, text_width} from './options.js';
import {make_scale} from './scale.js';
import {format_number} from './numbers.js';
import {mix, readable_on} from './palette.js';

const COLORS = 33; // of the scale, odd so that one is the middle's where the middle is in the middle
const CELL_HEIGHT = 28;
const SCALE_HEIGHT = 44;
const DIGIT_WIDTH = 6; // of the labels in cells

/**
 * @param {import('./chart.js').ChartData} data
 * @param {{frame: number, width: number, palette: Object}} state
 * @returns {import('./chart.js').Picture}
 */
export function heat_picture(data, {frame, width, palette}) {
  const {cells} = data.frames[frame];
  const {low, high, middle, name} = data.value;
  const x = make_scale({...data.x, scale: 'category'}, [], [], {count: 0});
  const y = make_scale({...data.y, scale: 'category'}, [], [], {count: 0});
  const color_of = value => heat_color(value, {low, high, middle}, palette);
  const names_room = Math.min(text_width(y.categories), width * 0.32);
  const cell_width = (width - names_room - 24) / Math.max(x.categories.length, 1);

  const option = {
    ...base_option(palette, points => points.map(point => cell_text(data, cells[point.dataIndex])), 'item'),
    grid: {left: 8, right: 8, top: 8, bottom: SCALE_HEIGHT, outerBoundsMode: 'same'},
    xAxis: axis_option(x, palette, {title_at: 'middle', lines: false, room: {each: cell_width}}),
    yAxis: axis_option(y, palette, {title_at: 'top', lines: false, room: {beside: names_room}, inverse: true}),
    visualMap: {
      type: 'continuous', min: low, max: high, calculable: false, orient: 'horizontal', left: 'center', bottom: 0, dimension: 2,
      itemHeight: Math.min(240, width * 0.4), itemWidth: 10, text: [format_number(high, 3), format_number(low, 3)], textStyle: {color: palette.muted, fontSize: 11},
      hoverLink: false,
      inRange: {color: Array.from({length: COLORS}, (_, i) => color_of(low + (high - low) * i / (COLORS - 1)))}
    },
    series: [{
      type: 'heatmap', emphasis: {disabled: true}, label: {show: true, fontSize: 10},
      data: cells.map(([column, row, value]) => cell_item(column, row, value, {low, high, color_of, cell_width, palette}))
    }]
  };
  option.xAxis.name = option.yAxis.name = '';
  option.yAxis.axisLine.show = option.xAxis.axisLine.show = false;
  const height = Math.round(y.categories.length * CELL_HEIGHT + names_height(x.categories, cell_width) + SCALE_HEIGHT + 8);
  const note = `Colours: ${name}, from ${format_number(low)} to ${format_number(high)}; pale is ${format_number(middle)}.`;
  return {option, height, stops: heat_stops(data, cells), notes: [note]};
}

/** Values beyond the scale have the colour of its end. */
function cell_item(column, row, value, {low, high, color_of, cell_width, palette}) {
  const known = typeof value === 'number';
  const text = known ? format_number(value, 2) : '';
  return {
    value: [column, row, known ? Math.min(Math.max(value, low), high) : '-'],
    itemStyle: {color: known ? color_of(value) : palette.surface, borderColor: palette.surface, borderWidth: 1},
    label: {
      show: text.length * DIGIT_WIDTH <= cell_width, formatter: () => text,
      color: known ? readable_on(color_of(value)) : palette.muted
    }
  };
}

/** From cold over even to hot; a scale that has no lower side goes from even to cold, since much of a thing is no alarm. */
function heat_color(value, {low, high, middle}, palette) {
  const side = value < middle ? low : high;
  const share = side === middle ? 0 : Math.min(1, Math.max(0, (value - middle) / (side - middle)));
  return mix(palette.even, value < middle || middle === low ? palette.cold : palette.hot, share);
}

function cell_text(data, cell) {
  const [column, row, value, text] = cell;
  const shown = text || `${data.value.name} ${format_number(value)}`;
  return `${data.y.categories[row]}, ${data.x.categories[column]}: ${shown}`;
}

function heat_stops(data, cells) {
  const rows = new Map();
  cells.forEach((cell, index) => {
    if (!rows.has(cell[1])) rows.set(cell[1], []);
    rows.get(cell[1]).push({series: 0, index, at: cell[0], text: cell_text(data, cell)});
  });
  return [...rows.keys()].sort((a, b) => a - b).map(row => rows.get(row).sort((a, b) => a.at - b.at));
}
