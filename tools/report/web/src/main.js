// The report's script: draws every figure.chart of the page from its JSON, and adds what a page without scripts can't have.

import {Chart} from './chart.js';
import {initialize_print} from './print.js';
import {initialize_sorting} from './sorting.js';
import {initialize_navigation} from './navigation.js';
import {initialize_theme} from './theme.js';
import {forget_palette} from './palette.js';
import {element, parse_data} from './dom.js';

const SLICE = 50; // ms of work before the browser may do its own

/** Says in a chart's place why it is missing; its table stays open. */
function explain_failure(figure, error) {
  figure.querySelector('.canvas')?.remove();
  figure.append(element('p', {class: 'warn'}, `This chart could not be drawn (${error.message}); the table has its data.`));
}

function start_chart(figure) {
  try {
    const data = document.getElementById(figure.dataset.chart);
    if (!data) throw new Error(`the page has no data named ${figure.dataset.chart}`);
    const chart = new Chart(figure, parse_data(data.textContent));
    const table = data.nextElementSibling;
    if (table?.tagName === 'DETAILS') table.open = false;
    return chart;
  } catch (error) {
    explain_failure(figure, error);
    return null;
  }
}

/** Does something to all of a list, those first that can be seen, and lets the browser breathe in between. */
function do_in_turn(charts, action) {
  const is_visible = ({canvas}) => {
    const {top, bottom} = canvas.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  const waiting = [...charts.filter(is_visible), ...charts.filter(chart => !is_visible(chart))];
  const next = () => {
    const end = performance.now() + SLICE;
    while (waiting.length && performance.now() < end) action(waiting.shift());
    if (waiting.length) setTimeout(next);
  };
  next();
}

/** Charts are drawn one by one, so that a long page can be scrolled meanwhile. Printing can't wait. */
function start() {
  const root = document.documentElement;
  const waiting = [...document.querySelectorAll('figure.chart')];
  const charts = [];
  const draw_next = () => {
    const chart = start_chart(waiting.shift());
    if (chart) charts.push(chart);
  };
  const draw_all = () => {
    while (waiting.length) draw_next();
    root.dataset.charts = 'drawn';
  };
  const draw_in_turn = () => {
    const end = performance.now() + SLICE;
    while (waiting.length && performance.now() < end) draw_next();
    if (waiting.length) setTimeout(draw_in_turn);
    else draw_all();
  };
  initialize_theme(() => {
    forget_palette();
    do_in_turn(charts, chart => chart.draw(chart.drawn_width));
  });
  initialize_print(() => {
    forget_palette();
    draw_all();
    return charts;
  });
  initialize_sorting();
  initialize_navigation();
  draw_in_turn();
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
