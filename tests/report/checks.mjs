// What is demanded of every page. A check throws what is wrong.

import assert from 'node:assert/strict';
import {pathToFileURL} from 'node:url';

const PATIENCE = 30000; // ms, on a busy machine

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Asks until the answer is true. */
async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  while (!await ask()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(50);
  }
}

const colors = browser => browser.run(`
  const svg = document.querySelector('div.canvas svg');
  return {page: getComputedStyle(document.body).backgroundColor, text: svg.querySelector('text').getAttribute('fill')}`);

/** Light of a colour, 0 to 255. */
function brightness(color) {
  const hex = /^#(..)(..)(..)$/.exec(color);
  const parts = hex ? hex.slice(1).map(part => parseInt(part, 16)) : color.match(/\d+/g).slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part, 0) / 3;
}

const redrawn = async (browser, dark) => {
  await until(dark ? 'dark colours' : 'light colours', async () => {
    const {page, text} = await colors(browser);
    return brightness(page) < 128 === dark && brightness(text) > 128 === dark;
  });
};

/** Pages whose script runs and that have charts. */
const has_charts = ({name, charts}) => charts !== 0 && name !== 'an empty result';

export const checks = [
  {
    name: 'loads',
    async check(browser, page) {
      await browser.go('about:blank'); // so that the page before draws nothing anew
      await browser.media({'prefers-color-scheme': 'light'});
      await browser.width(1200);
      await browser.log('browser');
      await browser.log('performance');
      await browser.go(pathToFileURL(page.path).href);
      const scripted = page.charts !== 0;
      if (scripted) await until('charts', () => browser.run(`return document.documentElement.dataset.charts === 'drawn'`));
      const {drawn, warned, all} = await browser.run(`
        const figures = [...document.querySelectorAll('figure.chart')];
        const has_shape = figure => [...figure.querySelectorAll('div.canvas svg path')].some(path => path.getAttribute('d')?.length > 8);
        return {
          all: figures.length, drawn: figures.filter(has_shape).length,
          warned: figures.filter(figure => figure.querySelector('p.warn')).length
        }`);
      if (page.charts === null) assert.equal(drawn, all, 'a chart is not drawn');
      else assert.equal(drawn, page.charts, 'charts drawn');
      if (scripted) assert.equal(drawn + warned, all, 'a chart is neither drawn nor said to be missing');
    }
  },
  {
    name: 'says nothing on the console and asks nobody for anything',
    async check(browser, page) {
      const said = await browser.log('browser');
      assert.deepEqual(said.map(entry => entry.message), [], 'the console');
      const requests = (await browser.log('performance')).map(entry => JSON.parse(entry.message).message)
        .filter(({method}) => method === 'Network.requestWillBeSent').map(({params}) => params.request.url)
        .filter(url => !url.startsWith('data:') && url !== pathToFileURL(page.path).href);
      assert.deepEqual(requests, [], 'requests');
    }
  },
  {
    name: 'shows text as text',
    async check(browser) {
      const {title, images, scripts, markup} = await browser.run(`return {
        title: document.title, images: document.images.length, markup: document.querySelectorAll('[onerror], [onload]').length,
        scripts: [...document.scripts].filter(script => !script.type && script.textContent.includes('broken')).length}`);
      assert.notEqual(title, 'broken');
      assert.equal(images, 0, 'images');
      assert.equal(scripts, 0, 'scripts from text');
      assert.equal(markup, 0, 'handlers from text');
    }
  },
  {
    name: 'has its tables open where no chart stands for them',
    async check(browser) {
      const wrong = await browser.run(`
        return [...document.querySelectorAll('figure.chart')].filter(figure => {
          const details = document.getElementById(figure.dataset.chart).nextElementSibling;
          return details?.tagName === 'DETAILS' && details.open === Boolean(figure.querySelector('svg'));
        }).length`);
      assert.equal(wrong, 0);
    }
  },
  {
    name: 'is read out by keyboard',
    applies: has_charts,
    async check(browser) {
      const wrong = await browser.run(`
        const wrong = [];
        for (const figure of document.querySelectorAll('figure.chart:has(div.canvas)')) {
          const canvas = figure.querySelector('div.canvas');
          const readout = figure.querySelector('[aria-live]');
          const press = key => canvas.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
          canvas.focus();
          if (document.activeElement !== canvas) wrong.push(figure.id + ' cannot be focused');
          if (!canvas.getAttribute('aria-label')) wrong.push(figure.id + ' has no name');
          for (const key of ['ArrowRight', 'End', 'ArrowDown', 'Home', 'PageDown', 'ArrowLeft']) {
            press(key);
            if (!readout.textContent) wrong.push(figure.id + ' is silent after ' + key);
          }
          press('Escape');
          if (readout.textContent) wrong.push(figure.id + ' goes on after Escape');
        }
        return wrong`);
      assert.deepEqual(wrong, []);
    }
  },
  {
    name: 'walks from point to point',
    applies: page => page.name === 'samples',
    async check(browser) {
      const read = async key => {
        await browser.press(key);
        return browser.run(`return document.querySelector('#chart-1 [aria-live]').textContent`);
      };
      await browser.run(`document.querySelector('#chart-1 div.canvas').focus()`);
      await read('ArrowUp'); // to where the walk before has ended
      await read('ArrowUp');
      assert.equal(await read('Home'), 'scalar: working set 4 KiB, GB/s 20 (19.2 to 21)');
      assert.equal(await read('ArrowRight'), 'scalar: working set 8 KiB, GB/s 20 (19.2 to 21)');
      assert.equal(await read('ArrowDown'), 'avx2: working set 8 KiB, GB/s 110 (105.6 to 115.5)');
      assert.equal(await read('End'), 'avx2: working set 128 MiB, GB/s 13.2 (12.67 to 13.86)');
      assert.match(await browser.run(`return document.querySelector('#chart-1 div.tip').textContent`), /avx2: 13\.2/);
    }
  },
  {
    name: 'hides and shows curves, and changes views',
    applies: page => page.name === 'samples',
    async check(browser) {
      const shapes = () => browser.run(`return document.querySelectorAll('#chart-0 svg path').length`);
      const press = selector => browser.run(`document.querySelector(arguments[0]).click()`, selector);
      const before = await shapes();
      await press('#chart-0 div.legend button');
      assert(await shapes() < before, 'a curve is not hidden');
      await press('#chart-0 div.legend button');
      assert.equal(await shapes(), before, 'a curve is not shown again');
      const view = () => browser.run(`return document.querySelector('#chart-4 svg').outerHTML`);
      const first = await view();
      await press('#chart-4 div.frames button:nth-child(3)');
      assert.notEqual(await view(), first, 'the view does not change');
    }
  },
  {
    name: 'sorts tables',
    applies: page => page.name === 'samples',
    async check(browser) {
      const column = () => browser.run(`
        const head = document.querySelector('#section-5 table.figures th:nth-child(3)');
        head.querySelector('button').click();
        return [head.ariaSort, ...[...document.querySelectorAll('#section-5 td:nth-child(3)')].map(cell => Number(cell.textContent))]`);
      const [up, ...ascending] = await column();
      const [down, ...descending] = await column();
      assert.deepEqual([up, down], ['ascending', 'descending']);
      assert.deepEqual(ascending, [...ascending].sort((a, b) => a - b));
      assert.deepEqual(descending, [...ascending].reverse());
    }
  },
  {
    name: 'is dark where the system is',
    applies: ({name}) => ['broken', 'two results'].includes(name),
    async check(browser) {
      await browser.media({'prefers-color-scheme': 'dark'});
      await redrawn(browser, true);
    }
  },
  {
    name: 'is dark and light, by the system and by the button',
    applies: page => page.name === 'samples',
    async check(browser) {
      await browser.media({'prefers-color-scheme': 'dark'});
      await redrawn(browser, true);
      await browser.run(`document.querySelector('button.theme').click()`);
      await redrawn(browser, false);
      await browser.media({'prefers-color-scheme': 'light'});
      await browser.run(`document.querySelector('button.theme').click()`);
      await redrawn(browser, true);
      await browser.call('POST', '/refresh', {});
      await until('charts', () => browser.run(`return document.documentElement.dataset.charts === 'drawn'`));
      await redrawn(browser, true);
      await browser.run(`document.querySelector('button.theme').click()`);
      await redrawn(browser, false);
      await browser.run(`try { localStorage.clear() } catch {}`);
    }
  },
  {
    name: 'prints light, wholly, without buttons',
    applies: ({name}) => ['samples', 'no script', 'two results'].includes(name), // it takes seconds
    async check(browser, page) {
      await browser.media({'prefers-color-scheme': 'dark'});
      await browser.run(`
        window.printed = null;
        addEventListener('beforeprint', () => {
          window.printed = {
            text: document.querySelector('div.canvas svg text')?.getAttribute('fill') ?? '#000000',
            closed: document.querySelectorAll('details:not([open])').length,
            widest: Math.max(0, ...[...document.querySelectorAll('figure.chart div.canvas svg')].map(svg => svg.clientWidth))
          };
        }, {once: true})`);
      const pdf = await browser.pdf();
      assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
      const {text, closed, widest} = await browser.run('return window.printed');
      if (has_charts(page)) {
        assert.equal(closed, 0, 'closed tables');
        assert(brightness(text) < 128, `letters of ${text} on paper`);
        assert(widest <= 700, `a chart ${widest} pixels wide`);
        const closed_again = await browser.run(`return document.querySelectorAll('details:not([open])').length > 0`);
        assert(closed_again, 'tables stay open after printing');
      }
      await browser.command('Emulation.setEmulatedMedia', {media: 'print', features: []});
      const shown = await browser.run(`
        return [...document.querySelectorAll('nav.sections, button.theme, p.readout')].filter(one => one.offsetHeight > 0).length`);
      await browser.command('Emulation.setEmulatedMedia', {media: '', features: []});
      assert.equal(shown, 0, 'what is for screens is on paper');
    }
  },
  {
    name: 'fits a width of 320 pixels',
    async check(browser) {
      await browser.width(320, 600);
      await until('a narrow page', async () => {
        const {page, charts} = await browser.run(`return {
          page: document.documentElement.scrollWidth,
          charts: Math.max(0, ...[...document.querySelectorAll('figure.chart svg')].map(svg => svg.getBoundingClientRect().right))}`);
        return page <= 320 && charts <= 320;
      });
    }
  }
];
