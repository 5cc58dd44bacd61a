// Which curve is which; a press shows or hides it.

import {element, svg_element} from './dom.js';
import {DASHES, SYMBOLS} from './palette.js';

const OUTLINES = {
  circle: ['circle', {cx: 14, cy: 6, r: 3.5}],
  triangle: ['path', {d: 'M14 2 L18 9.5 L10 9.5 Z'}],
  rect: ['rect', {x: 10.5, y: 2.5, width: 7, height: 7}],
  diamond: ['path', {d: 'M14 1.5 L18.5 6 L14 10.5 L9.5 6 Z'}]
};

/** A piece of the curve; of a group of bars, a bar. The style sheet colours it. */
function swatch(series, kind) {
  const color = `var(--series-${series.color % SYMBOLS.length})`;
  const drawn = svg_element('svg', {width: 28, height: 12, 'aria-hidden': 'true', style: `color: ${color}`});
  if (kind === 'bars') {
    drawn.setAttribute('width', 12);
    drawn.append(svg_element('rect', {width: 12, height: 12, rx: 2, fill: 'currentColor'}));
    return drawn;
  }
  if (series.style !== 'points') {
    const dash = DASHES[series.style];
    drawn.append(svg_element('line', {
      x1: 0, x2: 28, y1: 6, y2: 6, stroke: 'currentColor', 'stroke-width': 2,
      'stroke-dasharray': Array.isArray(dash) ? dash.join(' ') : false
    }));
  }
  if (series.style !== 'dashed' && series.style !== 'dotted') {
    const symbol = SYMBOLS[series.color % SYMBOLS.length];
    const [tag, outline] = OUTLINES[symbol.replace('empty', '').toLowerCase()];
    const fill = symbol.startsWith('empty') ? 'var(--surface)' : 'currentColor';
    drawn.append(svg_element(tag, {...outline, fill, stroke: 'currentColor', 'stroke-width': 1.5}));
  }
  return drawn;
}

/** @param {import('./chart.js').Chart} chart */
export function make_legend(chart) {
  const {series, kind, title} = chart.data;
  const legend = element('div', {class: 'legend', role: 'group', 'aria-label': `Curves of ${title}`});
  series.forEach((one, i) => {
    const button = element('button', {type: 'button', 'aria-pressed': 'true'}, swatch(one, kind), one.name);
    button.addEventListener('click', () => {
      if (!chart.hidden.delete(i)) chart.hidden.add(i);
      button.setAttribute('aria-pressed', String(!chart.hidden.has(i)));
      chart.draw();
    });
    legend.append(button);
  });
  return legend;
}
