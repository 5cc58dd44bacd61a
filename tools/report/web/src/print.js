// Paper: light colours, the width of a page, every table open.

/** Between the margins of A4 and of US Letter, in CSS pixels; the height leaves room for caption, legend and notes. */
const PAPER_WIDTH = 680;
const PAPER_HEIGHT = 780;

/** @param {function(): import('./chart.js').Chart[]} all_charts draws those that wait */
export function initialize_print(all_charts) {
  const root = document.documentElement;
  let closed = [];

  addEventListener('beforeprint', () => {
    if (root.classList.contains('printing')) return;
    root.classList.add('printing');
    const charts = all_charts();
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const details of closed) details.open = true;
    for (const chart of charts) chart.draw(PAPER_WIDTH, PAPER_HEIGHT);
  });
  addEventListener('afterprint', () => {
    root.classList.remove('printing');
    for (const details of closed) details.open = false;
    closed = [];
    for (const chart of all_charts()) chart.draw();
  });
}
