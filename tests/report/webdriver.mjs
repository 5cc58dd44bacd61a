// A headless Chromium, driven over chromedriver in plain WebDriver.

import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const START_TIMEOUT = 20000; // ms, on a busy machine

/** No component of the browser may ask anybody for anything: requests are to be the page's. */
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--force-color-profile=srgb', '--hide-scrollbars'
];

/** @returns {Promise<Browser>} */
export async function open_browser({driver, chromium}) {
  const profile = mkdtempSync(join(tmpdir(), 'depthmark-browser-'));
  const child = spawn(driver, ['--port=0'], {stdio: ['ignore', 'pipe', 'inherit']});
  const browser = new Browser(child, profile);
  try {
    browser.base = `http://127.0.0.1:${await port_of(child)}`;
    const {sessionId} = await browser.call('POST', '/session', {
      capabilities: {
        alwaysMatch: {
          browserName: 'chrome',
          'goog:chromeOptions': {binary: chromium, args: [...ARGUMENTS, `--user-data-dir=${profile}`]},
          'goog:loggingPrefs': {browser: 'ALL', performance: 'ALL'}
        }
      }
    });
    browser.base += `/session/${sessionId}`;
    browser.open = true;
    return browser;
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** chromedriver says which port it has found. */
function port_of(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`chromedriver does not start: ${said}`)), START_TIMEOUT);
    child.on('error', reject);
    child.on('exit', status => reject(new Error(`chromedriver ends with status ${status}: ${said}`)));
    child.stdout.on('data', data => {
      said += data;
      const match = /successfully on port (\d+)/.exec(said);
      if (!match) return;
      clearTimeout(timer);
      resolve(Number(match[1]));
    });
  });
}

class Browser {
  constructor(child, profile) {
    this.child = child;
    this.profile = profile;
    this.open = false;
  }

  async call(method, path, body) {
    const answer = await fetch(this.base + path, {method, body: body && JSON.stringify(body)});
    const {value} = await answer.json();
    if (value?.error) throw new Error(`${value.error}: ${value.message.split('\n')[0]}`);
    return value;
  }

  /** A command of Chrome's own protocol. */
  command(cmd, params = {}) { return this.call('POST', '/goog/cdp/execute', {cmd, params}); }

  /** The body of a function, run in the page. */
  run(script, ...args) { return this.call('POST', '/execute/sync', {script, args}); }

  go(url) { return this.call('POST', '/url', {url}); }

  width(pixels, height = 900) {
    return this.command('Emulation.setDeviceMetricsOverride', {width: pixels, height, deviceScaleFactor: 1, mobile: false});
  }

  /** @param {Object<string, string>} features such as {'prefers-color-scheme': 'dark'} */
  media(features) {
    const list = Object.entries(features).map(([name, value]) => ({name, value}));
    return this.command('Emulation.setEmulatedMedia', {features: list});
  }

  /** Presses a key, by its name in the DOM, where the focus is. */
  async press(key) {
    for (const type of ['rawKeyDown', 'keyUp']) await this.command('Input.dispatchKeyEvent', {type, key, code: key, ...KEYS[key]});
  }

  /** What the log has had since it was last asked for: "browser" or "performance". */
  log(type) { return this.call('POST', '/se/log', {type}); }

  /** The whole page as a PNG. */
  async screenshot() {
    const {data} = await this.command('Page.captureScreenshot', {captureBeyondViewport: true});
    return Buffer.from(data, 'base64');
  }

  /** WebDriver's own print gives up after ten seconds. */
  async pdf() {
    const {data} = await this.command('Page.printToPDF', {printBackground: true});
    return Buffer.from(data, 'base64');
  }

  async close() {
    try {
      if (this.open) await this.call('DELETE', '');
    } finally {
      if (this.child.exitCode === null && this.child.pid) {
        const ended = new Promise(resolve => this.child.once('exit', resolve));
        this.child.kill();
        await ended;
      }
      rmSync(this.profile, {recursive: true, force: true, maxRetries: 5});
    }
  }
}

/** Chrome wants numbers for keys that write nothing. */
const KEYS = Object.fromEntries(Object.entries({
  Tab: 9, Enter: 13, Escape: 27, PageUp: 33, PageDown: 34, End: 35, Home: 36, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40
}).map(([key, code]) => [key, {windowsVirtualKeyCode: code}]));
