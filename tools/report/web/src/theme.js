// Dark or light: as the system says until the button is pressed.

import {element} from './dom.js';

const KEY = 'depthmark-theme';
const dark_system = matchMedia('(prefers-color-scheme: dark)');

/** A page opened from a file may have no storage. */
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
function store(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice then lasts as long as the page.
  }
}

/** @param {function(): void} changed called when colours are others */
export function initialize_theme(changed) {
  const root = document.documentElement;
  const is_dark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : dark_system.matches);
  const choice = stored();
  if (choice === 'dark' || choice === 'light') root.dataset.theme = choice;

  const button = element('button', {type: 'button', class: 'theme'});
  const label = () => {
    button.textContent = is_dark() ? 'Light' : 'Dark';
    button.title = `${button.textContent} colours`;
  };
  label();
  button.addEventListener('click', () => {
    root.dataset.theme = is_dark() ? 'light' : 'dark';
    store(root.dataset.theme);
    label();
    changed();
  });
  dark_system.addEventListener('change', () => {
    label();
    changed();
  });
  (document.querySelector('header.top') ?? document.body).append(button);
}
