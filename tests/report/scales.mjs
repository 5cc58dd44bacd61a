// Numbers, ticks and scales of the charts, without a browser. usage: node scales.mjs SOURCE_FOLDER

import assert from 'node:assert/strict';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

const load = name => import(pathToFileURL(join(process.argv[2], 'tools/report/web/src', name)));
const {format_number, format_power_of_ten, format_power_of_two} = await load('numbers.js');
const {describe_value, make_scale} = await load('scale.js');
const {mix, readable_on} = await load('palette.js');

const checks = {
  'numbers are short'() {
    const expected = [
      [0, '0'], [1, '1'], [65536, '65536'], [0.276, '0.276'], [12.34567, '12.35'], [1.4e-45, '1.4e-45'], [3.4028e38, '3.4e38'],
      [1e-10, '1e-10'], [-0.3464, '-0.3464'], [-2.5e7, '-2.5e7'], [1e6, '1e6'], [null, 'none'], [NaN, 'none'], [Infinity, 'none']
    ];
    for (const [number, text] of expected) assert.equal(format_number(number), text);
  },
  'powers have names'() {
    assert.deepEqual([-45, -4, -3, 0, 4, 5, 38].map(format_power_of_ten), ['1e-45', '1e-4', '0.001', '1', '10000', '1e5', '1e38']);
    assert.deepEqual([0, 9, 10, 16, 25, 30].map(format_power_of_two), ['1 ', '512 ', '1 Ki', '64 Ki', '32 Mi', '1 Gi']);
    assert.equal(format_power_of_two(-1), '0.5');
  },
  'a logarithmic axis holds every float'() {
    const scale = make_scale({name: 'y', scale: 'log'}, [1.4e-45, 3.4e38, 0, -1, null], [], {count: 6});
    assert.deepEqual([scale.min, scale.max], [-45, 39]);
    assert.deepEqual(scale.ticks, [-45, -30, -15, 0, 15, 30]);
    assert.deepEqual(scale.ticks.map(scale.label), ['1e-45', '1e-30', '1e-15', '1', '1e15', '1e30']);
    assert.equal(scale.place(1000), 3);
    assert.deepEqual([0, -1, null, NaN].map(scale.place), [null, null, null, null]);
  },
  'within two decades there are ones, twos and fives'() {
    const scale = make_scale({name: 'y', scale: 'log'}, [0.3, 4], [], {count: 6});
    assert.deepEqual(scale.ticks.map(scale.label), ['0.2', '0.5', '1', '2', '5']);
    assert(Math.abs(scale.min - Math.log10(0.2)) < 1e-12 && Math.abs(scale.max - Math.log10(5)) < 1e-12);
  },
  'equal values have an axis, too'() {
    for (const kind of ['linear', 'log']) {
      for (const value of [1, 1e-45, 7]) {
        const scale = make_scale({name: 'y', scale: kind}, [value, value], [], {count: 6});
        assert(scale.min < scale.max && scale.ticks.length > 0, `${kind} ${value}`);
        assert(scale.place(value) >= scale.min && scale.place(value) <= scale.max);
      }
      const none = make_scale({name: 'y', scale: kind}, [], [], {count: 6});
      assert(none.min < none.max);
    }
  },
  'sizes are powers of two, within six digits'() {
    const scale = make_scale({name: 'size', scale: 'log', unit: 'B'}, [4096, 1.04858e6, 1.34218e8], [], {count: 5, snap: false});
    assert.deepEqual(scale.ticks.map(scale.label), ['4 KiB', '64 KiB', '1 MiB', '16 MiB']);
    assert.equal(scale.title, 'size');
    assert.equal(describe_value({scale: 'log', unit: 'B'}, 1.04858e6), '1 MiB');
  },
  'whole numbers have whole ticks'() {
    const scale = make_scale({name: 'threads', scale: 'linear'}, [1, 2, 3], [], {count: 10, snap: false});
    assert.deepEqual(scale.ticks, [1, 2, 3]);
  },
  'a linear axis begins at 0 where 0 is near'() {
    assert.equal(make_scale({name: 'y', scale: 'linear'}, [1, 9], [], {count: 6}).min, 0);
    assert.equal(make_scale({name: 'y', scale: 'linear'}, [8, 9], [], {count: 6}).min, 8);
    assert.equal(make_scale({name: 'y', scale: 'linear'}, [8, 9], [], {count: 6, zero: true}).min, 0);
  },
  'marks widen an axis when they are near'() {
    const scale = make_scale({name: 'y', scale: 'log'}, [1e-10, 1], [1e-16, 1e-38], {count: 6});
    assert.deepEqual(scale.beyond, [1e-38]);
    assert(scale.min <= -16 && scale.min > -38);
    assert.deepEqual(make_scale({name: 'y', scale: 'linear'}, [10, 25], [100], {count: 6}).beyond, []);
  },
  'one long interval makes no chart small'() {
    const scale = make_scale({name: 'y', scale: 'linear'}, [1, 20], [], {count: 6, zero: true, intervals: [0.9, 800]});
    assert.equal(scale.max, 30);
    assert(scale.cut);
    const short = make_scale({name: 'y', scale: 'linear'}, [1, 20], [], {count: 6, zero: true, intervals: [0.9, 22]});
    assert(!short.cut && short.max >= 22);
  },
  'colours mix, and letters on them can be read'() {
    assert.equal(mix('rgb(0, 0, 0)', 'rgb(200, 100, 50)', 0.5), 'rgb(100, 50, 25)');
    assert.equal(readable_on('rgb(255, 255, 255)'), '#000000');
    assert.equal(readable_on('rgb(20, 40, 90)'), '#ffffff');
  }
};

let failures = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    check();
  } catch (error) {
    console.log(`${name}: ${error.message}`);
    failures++;
  }
}
console.log(`${Object.keys(checks).length} checks, ${failures} failures`);
process.exitCode = failures ? 1 : 0;
