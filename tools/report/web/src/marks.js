// Lines across a chart, with labels that keep out of each other's way.

const LETTER_WIDTH = 6.2; // of the 11 px font, on average
const ROW_HEIGHT = 14;

/**
 * A series of one item that draws all marks.
 * @param {{axis: string, at: number, label: string}[]} marks at: in units of the axis, inside of it
 * @param {boolean} upright whether lines of axis y run upright, because the chart lies on its side
 */
export function marks_series(marks, palette, upright = false) {
  return {
    type: 'custom', silent: true, tooltip: {show: false}, data: [[0, 0]], clip: false, z: 1,
    encode: {x: [], y: []},
    renderItem: (params, api) => {
      const area = params.coordSys;
      const children = [];
      const vertical = marks.filter(mark => (mark.axis === 'x') !== upright);
      const horizontal = marks.filter(mark => !vertical.includes(mark));
      add_vertical(children, vertical.map(mark => ({...mark, pixel: api.coord([mark.at, 0])[0]})), area, palette);
      add_horizontal(children, horizontal.map(mark => ({...mark, pixel: api.coord([0, mark.at])[1]})), area, palette);
      return {type: 'group', children};
    }
  };
}

function line(x1, y1, x2, y2, palette) {
  return {type: 'line', shape: {x1, y1, x2, y2}, style: {stroke: palette.muted, lineWidth: 1, lineDash: [3, 3], opacity: 0.8}};
}

/** Of a label as much as a chart has room for. */
function shortened(label, room) {
  const letters = Math.max(8, Math.floor(room / LETTER_WIDTH));
  return label.length > letters ? `${label.slice(0, letters - 1)}\u2026` : label;
}

function text(label, x, y, align, palette) {
  return {
    type: 'text',
    style: {
      text: label, x, y, align, verticalAlign: 'top', fill: palette.muted, font: `11px ${palette.font}`, stroke: palette.surface,
      lineWidth: 3
    }
  };
}

/** Labels stand at the top right of their lines; one that would touch another goes a row down. */
function add_vertical(children, marks, area, palette) {
  const ends = []; // of each row, where its last label ends
  for (const mark of marks.sort((a, b) => a.pixel - b.pixel)) {
    const label = shortened(String(mark.label), area.width * 0.6);
    const width = label.length * LETTER_WIDTH + 8;
    const left = Math.max(Math.min(mark.pixel + 4, area.x + area.width - width), area.x);
    let row = ends.findIndex(end => end <= left);
    if (row < 0) row = ends.length;
    ends[row] = left + width;
    children.unshift(line(mark.pixel, area.y, mark.pixel, area.y + area.height, palette));
    children.push(text(label, left, area.y + 2 + row * ROW_HEIGHT, 'left', palette));
  }
}

/** Labels stand above their lines at the right; one that would touch the one below goes up, as far as there is room. */
function add_horizontal(children, marks, area, palette) {
  let free = area.y + area.height;
  for (const mark of marks.sort((a, b) => b.pixel - a.pixel)) {
    let top = Math.min(mark.pixel - ROW_HEIGHT, free - ROW_HEIGHT);
    if (top < area.y - ROW_HEIGHT) top = mark.pixel + 2;
    free = top;
    children.unshift(line(area.x, mark.pixel, area.x + area.width, mark.pixel, palette));
    children.push(text(shortened(String(mark.label), area.width * 0.6), area.x + area.width - 4, top, 'right', palette));
  }
}
