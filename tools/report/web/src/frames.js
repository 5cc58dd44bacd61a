// Chooses which heat map of several is shown: buttons for few, a slider for many.

import {element} from './dom.js';

const MOST_BUTTONS = 8;

/** @param {import('./chart.js').Chart} chart gets the function choose_frame(number) */
export function make_frames(chart) {
  const {frames, title} = chart.data;
  const group = element('div', {class: 'frames', role: 'group', 'aria-label': `Views of ${title}`});
  if (frames.length === 1) {
    group.append(element('span', {}, frames[0].label ?? ''));
    return group;
  }
  const show = frames.length <= MOST_BUTTONS ? add_buttons(chart, group) : add_slider(chart, group);
  chart.choose_frame = number => {
    chart.frame = Math.min(Math.max(number, 0), frames.length - 1);
    show();
    chart.draw();
  };
  show();
  return group;
}

function add_buttons(chart, group) {
  const buttons = chart.data.frames.map((frame, i) => {
    const button = element('button', {type: 'button'}, frame.label);
    button.addEventListener('click', () => chart.choose_frame(i));
    return button;
  });
  group.append(...buttons);
  return () => buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(i === chart.frame)));
}

function add_slider(chart, group) {
  const {frames, title} = chart.data;
  const slider = element('input', {type: 'range', min: 0, max: frames.length - 1, step: 1, 'aria-label': title});
  const label = element('output', {});
  slider.addEventListener('input', () => chart.choose_frame(Number(slider.value)));
  group.append(slider, label);
  return () => {
    slider.value = String(chart.frame);
    label.textContent = frames[chart.frame].label;
    slider.setAttribute('aria-valuetext', frames[chart.frame].label);
  };
}
