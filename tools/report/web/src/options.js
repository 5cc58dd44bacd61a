// What the options of all charts have in common.

import {element} from './dom.js';

/** A tooltip made of text lines; ECharts' own would be markup. */
function tooltip_lines(lines) {
  return element('div', {class: 'tip'}, ...lines.map(line => element('div', {}, line)));
}

/**
 * @param {Object} palette
 * @param {function(Object[]): string[]} describe lines of text for the points under the pointer
 */
export function base_option(palette, describe, trigger) {
  return {
    animation: false,
    aria: {enabled: true, label: {enabled: false}, decal: {show: matchMedia('(prefers-contrast: more)').matches}},
    textStyle: {fontFamily: palette.font, color: palette.ink},
    color: palette.series,
    tooltip: {
      trigger, confine: true, transitionDuration: 0, backgroundColor: palette.surface, borderColor: palette.line, padding: 8,
      textStyle: {color: palette.ink, fontSize: 12},
      formatter: points => {
        const lines = describe(Array.isArray(points) ? points : [points]);
        return lines.length ? tooltip_lines(lines) : '';
      }
    }
  };
}

/**
 * Options of an axis for a scale of scale.js.
 * @param {{title_at: string, lines: boolean, room: ?{beside: ?number, each: ?number}, inverse: ?boolean}} layout room: pixels for
 *     the names of categories, beside the axis or for each below it
 */
export function axis_option(scale, palette, {title_at, lines, room, inverse = false}) {
  const common = {
    name: scale.title,
    inverse,
    nameTruncate: {maxWidth: 260},
    nameLocation: title_at === 'top' ? (inverse ? 'start' : 'end') : 'middle',
    nameTextStyle: {color: palette.muted, fontSize: 12, align: title_at === 'top' ? 'left' : 'center'},
    axisLine: {show: !lines || Boolean(scale.categories), onZero: false, lineStyle: {color: palette.line}},
    axisTick: {show: !scale.categories && !lines, lineStyle: {color: palette.line}},
    axisLabel: {color: palette.muted, fontSize: 11, hideOverlap: true},
    splitLine: {show: lines, lineStyle: {color: palette.line, opacity: 0.6}},
    axisPointer: {lineStyle: {color: palette.muted}, label: {show: false}}
  };
  if (scale.categories) {
    return {
      ...common, type: 'category', data: scale.categories, axisTick: {show: false},
      axisLabel: {...common.axisLabel, ...category_labels(scale.categories, room)}
    };
  }
  return {
    ...common, type: 'value', min: scale.min, max: scale.max,
    axisTick: {...common.axisTick, customValues: scale.ticks},
    axisLabel: {...common.axisLabel, customValues: scale.ticks, formatter: scale.label}
  };
}

const LETTER_WIDTH = 6.2; // of the 11 px font, on average

/** The length of the longest name in pixels. */
export function text_width(names) { return LETTER_WIDTH * Math.max(1, ...names.map(name => String(name).length)) + 8; }

/** Names beside an axis are cut where they are longer than room; below an axis, where all have to share, they are turned. */
function category_labels(names, {beside, each}) {
  if (beside) return {width: beside, overflow: 'truncate', interval: 0, hideOverlap: false};
  const turned = text_width(names) > each;
  return {rotate: turned ? 60 : 0, width: turned ? 110 : each, overflow: 'truncate', ...(each > 12 ? {interval: 0, hideOverlap: false} : {})};
}

/** Height of the names below an axis. */
export function names_height(names, each) { return text_width(names) > each ? Math.min(text_width(names), 110) * 0.87 + 12 : 20; }

/** About as many ticks as have room in this many pixels. */
export function tick_count(pixels, each) { return Math.min(Math.max(Math.floor(pixels / each), 2), 10); }
