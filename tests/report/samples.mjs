// Pages with every kind of chart, at its extremes: what the script must cope with, whatever bench-report writes today.

/** What no page may take for markup, an entity or an order of writing. */
export const HOSTILE = '<img src=x onerror="document.title=\'broken\'"></script><script>document.title="broken"</script>&amp;\u202e';

const CSP = `default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:`;

function escape(text) {
  return String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
}

/** A page as bench-report makes it. charts: their JSON. */
export function make_page({script, style, charts, title = 'Depthmark: a sample'}) {
  const sections = charts.map((chart, i) => `<section id="section-${i}"><h2>${escape(chart.title)}</h2>
<p class="lead">What there is to see.</p>
<figure class="chart" id="chart-${i}" data-chart="data-${i}"><figcaption>${escape(chart.title)}</figcaption><div class="canvas"></div></figure>
<script type="application/json" id="data-${i}">${JSON.stringify(chart).replaceAll('<', '\\u003c')}</script>
<details class="table" open><summary>Table</summary>${table_of(chart)}</details></section>`);
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${CSP}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${style}</style></head><body>
<header class="top"><h1>${escape(title)}</h1><p>Two runs on one machine.</p></header>
<nav class="sections"><ul>${charts.map((chart, i) => `<li><a href="#section-${i}">${escape(chart.title).slice(0, 24)}</a></li>`).join('')}</ul></nav>
<main><div class="cards">${['Core A', HOSTILE].map(name => `<div class="card"><h3>${escape(name)}</h3><dl><dt>CPU</dt><dd>${escape(name)}</dd>
<dt>caches</dt><dd>L1 32 KiB, L2 1 MiB, L3 32 MiB</dd><dt>compiler</dt><dd>gcc 12.2.0 <span class="warn">not optimized</span></dd></dl></div>`).join('')}</div>
${sections.join('\n')}</main><script>${script}</script></body></html>`;
}

function table_of(chart) {
  const rows = (chart.series ?? []).flatMap(one => one.points.slice(0, 12).map(([x, y]) => [one.name, x, y ?? '–']));
  if (!rows.length) rows.push(['none', 0, 0]);
  return `<table class="figures" tabindex="0"><thead><tr><th scope="col">series</th><th scope="col" class="n">x</th><th scope="col" class="n">y</th></tr></thead>
<tbody>${rows.map(([name, x, y], i) => `<tr><td>${escape(name)}</td><td class="n">${x}</td><td class="n${i ? '' : ' best'}">${y}</td></tr>`).join('')}</tbody></table>`;
}

const range = count => Array.from({length: count}, (_, i) => i);
const KERNELS = ['tanh_forward', 'tanh_backward', 'sigmoid_forward', 'gelu_forward', 'gelu_backward', 'init_glorot_uniform', 'softplus_derivative'];

const bars = {
  kind: 'bars', title: 'How far ahead of one element at a time', note: 'Whiskers: 99 % intervals of the median.',
  x: {name: 'kernel', scale: 'category', categories: KERNELS}, y: {name: 'x scalar', scale: 'linear'},
  series: ['scalar', 'avx2', 'avx512'].map((name, i) => ({
    name, style: 'solid', color: i,
    points: KERNELS.map((_, k) => [k, i ? (7 + 3 * Math.sin(k)) * i : 1, (i ? (7 + 3 * Math.sin(k)) * i : 1) * 0.95, (i ? (7 + 3 * Math.sin(k)) * i : 1) * 1.04])
  })),
  marks: [{axis: 'y', at: 16, label: '16 lanes'}]
};

const sweep = {
  kind: 'lines', title: 'From L1 to memory', x: {name: 'working set', scale: 'log', unit: 'B'},
  y: {name: 'GB/s', scale: 'linear'},
  series: ['scalar', 'avx2', 'avx512'].map((name, i) => ({
    name, style: 'solid', color: i,
    points: range(16).map(k => {
      const speed = (20 + 90 * i) * (k < 3 ? 1 : k < 8 ? 0.6 : k < 12 ? 0.35 : 0.12);
      return [Number((4096 * 2 ** k).toPrecision(6)), speed, speed * 0.96, speed * 1.05];
    })
  })),
  marks: [{axis: 'x', at: 32768, label: 'L1 32 KiB'}, {axis: 'x', at: 49152, label: 'L1 of the other kind of core'}, {axis: 'x', at: 1048576, label: 'L2 1 MiB'},
    {axis: 'x', at: 33554432, label: 'L3 32 MiB'}]
};

const roofline = {
  kind: 'lines', title: 'Roofline', x: {name: 'operations per byte', scale: 'log'}, y: {name: 'GFLOP/s', scale: 'log'},
  series: [
    {name: 'avx512 roof', style: 'solid', color: 2, points: [[0.01, 0.5], [2.4, 120], [100, 120]]},
    {name: 'avx2 roof', style: 'solid', color: 1, points: [[0.01, 0.5], [1.2, 60], [100, 60]]},
    {name: 'kernels, avx512', style: 'points', color: 2, points: range(24).map(k => [0.05 * 1.3 ** k, 2.2 * 1.25 ** (k * 0.7) * (0.8 + 0.2 * Math.sin(k)), null, null, `kernel ${k}`])}
  ],
  marks: []
};

const gradients = {
  kind: 'lines', title: 'Gradients by layer', x: {name: 'layer', scale: 'linear'}, y: {name: 'rms of delta', scale: 'log'},
  series: [
    {name: 'he_normal/relu', style: 'solid', color: 0, points: range(100).map(k => [k + 1, 3e-3 * 0.998 ** (100 - k) * (1 + 0.1 * Math.sin(k)), 2.5e-3 * 0.998 ** (100 - k), 4e-3 * 0.998 ** (100 - k)])},
    {name: 'he_normal/relu, theory', style: 'dashed', color: 0, points: range(100).map(k => [k + 1, 3e-3])},
    {name: 'glorot_uniform/sigmoid', style: 'solid', color: 1, points: range(100).map(k => [k + 1, k < 29 ? 0 : k === 60 ? null : 4e-4 * 0.25 ** (100 - k) || 1.4e-45])},
    {name: 'glorot_uniform/sigmoid, theory', style: 'dashed', color: 1, points: range(100).map(k => [k + 1, Math.max(3e-3 * 0.25 ** (99 - k), 1e-45)])},
    {name: 'normal(0,1)/linear', style: 'solid', color: 3, points: range(100).map(k => [k + 1, Math.min(3e-3 * 8 ** (99 - k), 3e38)])}
  ],
  marks: [{axis: 'y', at: 1.18e-38, label: 'smallest normal'}, {axis: 'y', at: 1.4e-45, label: 'smallest subnormal'}, {axis: 'y', at: 3.4e38, label: 'overflow'}]
};

const heat = {
  kind: 'heat', title: 'Decay by initializer, activation and depth',
  x: {name: 'activation', scale: 'category', categories: ['relu', 'tanh', 'sigmoid', 'gelu', 'selu', 'softplus', 'mish', 'linear', 'leaky_relu', 'swish', 'elu']},
  y: {name: 'initializer', scale: 'category', categories: ['glorot_uniform', 'glorot_normal', 'he_normal', 'he_uniform', 'lecun_normal', 'orthogonal', 'kaiming_normal(fan_out,relu)']},
  frames: [10, 50, 100].map(depth => ({
    label: `depth ${depth}`,
    cells: range(7).flatMap(y => range(11).map(x => [x, y, x === 8 && y === 3 ? null : Math.sin(x * 1.7 + y) * (depth / 60), x === 2 ? 'vanishes in layer 3' : '']))
  })),
  value: {name: 'ln per layer', low: -1.5, high: 0.5, middle: 0}
};

const scaling = {
  kind: 'lines', title: 'Threads', x: {name: 'threads', scale: 'linear'}, y: {name: 'times one thread', scale: 'linear'},
  series: [
    {name: 'dense', style: 'solid', color: 4, points: [1, 2, 3, 4, 6, 8].map(n => [n, n * 0.93 ** (n - 1), n * 0.9 ** (n - 1), n * 0.95 ** (n - 1)])},
    {name: 'ideal', style: 'dashed', color: 7, points: [[1, 1], [8, 8]]}
  ]
};

const history = {
  kind: 'lines', title: 'History', x: {name: 'run', scale: 'category', categories: ['2026-11-01 5b18cb7', '2026-11-12 0771c12', '2026-11-24 51a67f6']},
  y: {name: 'ns/element', scale: 'log'},
  series: range(8).map(i => ({name: `suite ${i}`, style: 'solid', color: i, points: range(3).map(k => [k, (i + 1) * (1 + 0.1 * Math.cos(k * i)), null, null])}))
};

const slider = {
  ...heat, title: 'Histograms', frames: range(12).map(k => ({...heat.frames[0], label: `layer ${k + 1}`}))
};

const hostile = {
  kind: 'bars', title: HOSTILE, note: HOSTILE, x: {name: HOSTILE, scale: 'category', categories: [HOSTILE, 'b']}, y: {name: HOSTILE, scale: 'log', unit: HOSTILE},
  series: [{name: HOSTILE, style: 'solid', color: 5, points: [[0, 3, 2, 4], [1, 0, null, null]]}], marks: [{axis: 'y', at: 2.5, label: HOSTILE}]
};

export const samples = [bars, sweep, roofline, gradients, heat, scaling, history, slider, hostile];

/** Charts that can't be drawn: each says so, and the others are there. */
export const broken_samples = [
  {kind: 'lines', title: 'Nothing', x: {name: 'x', scale: 'linear'}, y: {name: 'y', scale: 'linear'}, series: []},
  {kind: 'pie', title: 'Unknown', x: {}, y: {}, series: [{name: 'a', points: []}]},
  {...scaling, title: 'One point', series: [{name: 'one', style: 'solid', color: 0, points: [[1, 1, null, null]]}]},
  {...scaling, title: 'Only gaps', series: [{name: 'gap', style: 'solid', color: 0, points: [[1, null], [2, null]]}]}
];
