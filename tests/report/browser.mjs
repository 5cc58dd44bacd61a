// The pages of bench-report in a headless Chromium: whether charts are drawn, and what no result file may do to a page.
// usage: node browser.mjs SOURCE_FOLDER BUILD_FOLDER; exit status 77 where something is missing

import {accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {tmpdir} from 'node:os';
import {open_browser} from './webdriver.mjs';
import {broken_samples, make_page, samples} from './samples.mjs';
import {checks} from './checks.mjs';
import {make_reports} from './results.mjs';

function find(names) {
  for (const name of names) {
    for (const folder of process.env.PATH.split(delimiter)) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  return null;
}

function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(77);
}

const [source_folder, build_folder] = process.argv.slice(2);
const bundle = join(build_folder, 'tools/report/web/bundle.js');
const chromium = find(['chromium', 'chromium-browser', 'google-chrome']);
const driver = find(['chromedriver']);
if (!chromium) skip('chromium is missing (package chromium)');
if (!driver) skip('chromedriver is missing (package chromium-driver)');
if (!existsSync(bundle)) skip('reports were built without npm');

const folder = mkdtempSync(join(tmpdir(), 'depthmark-report-'));
const script = readFileSync(bundle, 'utf8');
const style = readFileSync(join(source_folder, 'tools/report/web/style.css'), 'utf8');
const write = (name, options) => {
  const path = join(folder, `${name}.html`);
  writeFileSync(path, make_page({script, style, ...options}));
  return path;
};
const make_pages = () => [
  {name: 'samples', path: write('samples', {charts: samples}), charts: samples.length},
  {name: 'broken', path: write('broken', {charts: broken_samples}), charts: 2},
  {name: 'no script', path: write('no-script', {charts: samples, script: ''}), charts: 0},
  ...make_reports(build_folder, folder).map(report => ({...report, charts: null}))
];

let failures = 0;
let browser;
try {
  const pages = make_pages();
  browser = await open_browser({driver, chromium});
  for (const page of pages) {
    for (const {name, applies = () => true, check} of checks) {
      if (!applies(page)) continue;
      try {
        await check(browser, page);
      } catch (error) {
        console.log(`${page.name}: ${name}: ${error.message}`);
        failures++;
      }
    }
  }
  console.log(`${pages.length} pages, ${failures} failures`);
} finally {
  await browser?.close();
  rmSync(folder, {recursive: true, force: true});
}
process.exitCode = failures ? 1 : 0;
