// Tables sorted by a click on a column's head: as they came, up, down.

import {element} from './dom.js';

const DIRECTIONS = {none: 'ascending', ascending: 'descending', descending: 'none'};

/** The number that a cell begins with, or null. */
function number_of(text) {
  const match = /^[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?/i.exec(text.replace('\u2212', '-'));
  return match ? Number(match[0].replaceAll(',', '')) : null;
}

/** Where there are numbers, what is none comes last, up and down. */
function compare_cells(a, b, sign) {
  const [x, y] = [number_of(a), number_of(b)];
  if (x !== null && y !== null) return sign * (x - y);
  if (x !== null || y !== null) return x !== null ? -1 : 1;
  return sign * a.localeCompare(b);
}

function sort_by(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  rows.forEach((row, i) => (row.dataset.place ??= i));
  const text = row => row.cells[column]?.textContent.trim() ?? '';
  const sign = direction === 'descending' ? -1 : 1;
  if (direction === 'none') rows.sort((a, b) => a.dataset.place - b.dataset.place);
  else rows.sort((a, b) => compare_cells(text(a), text(b), sign));
  body.append(...rows);
}

/** Cells that span several columns or rows would be torn apart. */
function is_sortable(table) {
  return table.tHead?.rows.length === 1 && table.tBodies.length === 1 && table.tBodies[0].rows.length > 2 &&
      !table.querySelector('[colspan], [rowspan]');
}

export function initialize_sorting() {
  for (const table of document.querySelectorAll('table.figures')) {
    if (!is_sortable(table)) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = element('button', {type: 'button', class: 'sort'}, ...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const direction = DIRECTIONS[head.getAttribute('aria-sort') ?? 'none'];
        heads.forEach(other => other.removeAttribute('aria-sort'));
        if (direction !== 'none') head.setAttribute('aria-sort', direction);
        sort_by(table, column, direction);
      });
    });
  }
}
