// Results as bench writes them, and what else may come to bench-report: several machines, hostile names, empty and cut results.

import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {HOSTILE} from './samples.mjs';

const OPTIONS = [
  '--quick', '--arch=all', '--min-time=0.001', '--threads=1', '--suite=activation,gradients', '--depths=5,50', '--histograms',
  '--filter=/(tanh|gelu)_(forward|backward)|(he|glorot)_normal/(relu|tanh)/'
];

/** The same within the length that fields of results may have. */
const SHORT = '<b onload=x>';
const SHORTEST = '<b>';
const SHORTEST_FIELDS = ['numa_balancing'];

/** Every text of an object made hostile; dates and numbers are read as such. */
const hostile_texts = object => Object.fromEntries(
  Object.entries(object).map(([name, value]) => [name, typeof value === 'string' && !/^\d/.test(value) ? hostile_text(name) : value]));
const hostile_text = name => (SHORTEST_FIELDS.includes(name) ? SHORTEST : SHORT);

/** A later run, some of whose rows are slower, some faster. */
function later(result, factor) {
  const copy = structuredClone(result);
  copy.context.date = copy.context.date.replace(/^\d+/, year => Number(year) + 1);
  copy.benchmarks.forEach((row, i) => {
    const change = i % 3 ? 1 : factor;
    for (const name of Object.keys(row)) {
      if (name.startsWith('real_time') && typeof row[name] === 'number') row[name] *= change;
      if (name.endsWith('_per_second') && typeof row[name] === 'number') row[name] /= change;
    }
  });
  return copy;
}

function on_machine(result, number) {
  const copy = later(result, 1 + number / 2);
  copy.context.host_name = copy.machine.host = `host${number}`;
  copy.machine.cpu = `Core ${number}`;
  copy.machine.model = String(number);
  return copy;
}

function hostile(result) {
  const copy = structuredClone(result);
  copy.context = {...hostile_texts(copy.context), command: HOSTILE};
  copy.machine = {...hostile_texts(copy.machine), supported: result.machine.supported, selected: result.machine.selected};
  copy.machine.warnings = [HOSTILE];
  copy.benchmarks = copy.benchmarks.map((row, i) => (i % 2 ? row : {...row, kernel: SHORT, shape: SHORT}));
  copy.gradients = copy.gradients.map((cell, i) => (i % 2 ? cell : {...cell, initializer: SHORT, activation: SHORT}));
  return copy;
}

function empty(result) {
  const copy = structuredClone(result);
  for (const [name, value] of Object.entries(copy)) {
    if (Array.isArray(value)) copy[name] = [];
  }
  return copy;
}

function cut(result) {
  const copy = structuredClone(result);
  copy.context.interrupted = true;
  copy.benchmarks.length = Math.ceil(copy.benchmarks.length / 3);
  copy.gradients.length = 1;
  return copy;
}

/**
 * Reports of all of them.
 * @returns {{name: string, path: string}[]}
 */
export function make_reports(build_folder, folder) {
  const first = join(folder, 'first.json');
  execFileSync(join(build_folder, 'harness/bench'), [...OPTIONS, `--out=${first}`], {stdio: 'ignore'});
  const result = JSON.parse(readFileSync(first, 'utf8'));
  const cases = {
    'one result': [result],
    'two results': [result, later(result, 1.2)],
    'five machines': [0, 1, 2, 3, 4].map(number => on_machine(result, number)),
    'a hostile result': [hostile(result), result],
    'an empty result': [empty(result)],
    'a cut result': [cut(result)]
  };
  return Object.entries(cases).map(([name, results], i) => {
    const files = results.map((one, k) => {
      const path = join(folder, `${i}-${k}.json`);
      writeFileSync(path, JSON.stringify(one));
      return path;
    });
    const path = join(folder, `report-${i}.html`);
    execFileSync(join(build_folder, 'tools/bench-report'), [...files, '-o', path], {stdio: ['ignore', 'ignore', 'inherit']});
    return {name, path};
  });
}
