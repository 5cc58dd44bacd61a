// One figure: its drawing, legend, frames, notes and keyboard.

import {init} from './echarts.js';
import {element} from './dom.js';
import {make_frames} from './frames.js';
import {make_legend} from './legend.js';
import {initialize_walk} from './walk.js';
import {read_palette} from './palette.js';
import {lines_picture} from './lines.js';
import {bars_picture} from './bars.js';
import {heat_picture} from './heat.js';

const PICTURES = {lines: lines_picture, bars: bars_picture, heat: heat_picture};

/**
 * What there is to draw, as pages of bench-report carry it.
 * @typedef {Object} ChartData
 * @property {"lines"|"bars"|"heat"} kind
 * @property {string} title
 * @property {?string} note
 * @property {{name: string, scale: string, unit: ?string, categories: ?string[]}} x
 * @property {{name: string, scale: string, unit: ?string, categories: ?string[]}} y
 * @property {?{name: string, style: string, color: number, points: Array}[]} series
 * @property {?{axis: string, at: number, label: string}[]} marks
 * @property {?{label: string, cells: Array}[]} frames
 * @property {?{name: string, low: number, high: number, middle: number}} value
 */

/**
 * A drawing of the data: ECharts' options, the height in pixels, rows of places for the keyboard to walk through, and
 * what has to be said because it cannot be drawn.
 * @typedef {{option: Object, height: number, stops: Stop[][], notes: string[]}} Picture
 * @typedef {{series: number, index: number, at: number, text: string}} Stop at: where it is along the row
 */

export class Chart {
  /**
   * @param {HTMLElement} figure
   * @param {ChartData} data
   */
  constructor(figure, data) {
    const make = PICTURES[data.kind];
    if (!make) throw new Error(`charts are lines, bars or heat, not ${data.kind}`);
    const empty = data.kind === 'heat' ? !data.frames?.length : !data.series?.length;
    if (empty) throw new Error('it is empty');
    this.data = data;
    this.make = make;
    this.hidden = new Set();
    this.frame = 0;
    this.stops = [];
    this.canvas = figure.querySelector('.canvas');
    this.readout = element('p', {class: 'readout', 'aria-live': 'polite'});
    this.notes = element('p', {class: 'note'});
    this.canvas.before(data.kind === 'heat' ? make_frames(this) : make_legend(this));
    this.canvas.after(this.readout, this.notes);
    this.echarts = init(this.canvas, null, {renderer: 'svg', width: this.width(), height: 300});
    this.draw();
    this.label();
    initialize_walk(this);
    this.watch_width();
  }

  width() { return Math.max(this.canvas.clientWidth, 200); }

  /** Draws everything anew, as colours, width, legend and frame are now, no higher than tallest. */
  draw(width = this.width(), tallest = Infinity) {
    const picture = this.make(this.data, {hidden: this.hidden, frame: this.frame, width, palette: read_palette()});
    const height = Math.min(picture.height, tallest);
    this.drawn_width = width;
    this.stops = picture.stops;
    this.canvas.style.height = `${height}px`;
    this.echarts.resize({width, height, silent: true});
    this.echarts.setOption(picture.option, {notMerge: true});
    this.notes.textContent = [this.data.note, ...picture.notes].filter(Boolean).join(' ');
    this.notes.hidden = !this.notes.textContent;
  }

  label() {
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'application');
    this.canvas.setAttribute('aria-roledescription', 'chart');
    this.canvas.setAttribute('aria-label', `${this.data.title}. Arrow keys read it out point by point.`);
    this.canvas.querySelector('svg')?.setAttribute('aria-hidden', 'true');
  }

  watch_width() {
    let pending = 0;
    new ResizeObserver(() => {
      if (document.documentElement.classList.contains('printing')) return;
      cancelAnimationFrame(pending);
      pending = requestAnimationFrame(() => {
        if (this.width() !== this.drawn_width) this.draw();
      });
    }).observe(this.canvas);
  }
}
