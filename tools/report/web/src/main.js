// The report's script: draws every figure.chart of the page from its JSON, and adds what a page without scripts can't have.

import {Chart} from './chart.js';
import {initialize_print} from './print.js';
import {initialize_sorting} from './sorting.js';
import {initialize_navigation} from './navigation.js';
import {initialize_theme} from './theme.js';
import {element, parse_data} from './dom.js';

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
    if (waiting.length) draw_next();
    if (waiting.length) setTimeout(draw_in_turn);
    else draw_all();
  };
  initialize_theme(() => charts.forEach(chart => chart.draw()));
  initialize_print(() => {
    draw_all();
    return charts;
  });
  initialize_sorting();
  initialize_navigation();
  draw_in_turn();
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
