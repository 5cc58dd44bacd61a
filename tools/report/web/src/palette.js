// Colours, from the style sheet's variables, as they are now: dark, light or printed.

/** By colour number; with colour and dashes a curve is told from others in three ways. */
export const SYMBOLS = ['circle', 'triangle', 'rect', 'diamond', 'emptyCircle', 'emptyTriangle', 'emptyRect', 'emptyDiamond'];

export const DASHES = {solid: 'solid', dashed: [6, 4], dotted: [2, 3]};

const NAMES = ['ink', 'muted', 'line', 'surface', 'accent', 'cold', 'even', 'hot'];

let known = null;

/** To be called when the colours have changed. */
export function forget_palette() { known = null; }

/** @returns {Object<string, string> & {series: string[], font: string}} */
export function read_palette() {
  known ??= read_colors();
  return known;
}

function read_colors() {
  const probe = document.createElement('span');
  document.body.append(probe);
  const read = name => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = Object.fromEntries(NAMES.map(name => [name, read(name)]));
  palette.series = SYMBOLS.map((_, i) => read(`series-${i}`));
  palette.font = getComputedStyle(probe).fontFamily;
  probe.remove();
  return palette;
}

/** The red, green and blue of "rgb(1, 2, 3)". */
export function parts_of(color) {
  return (color.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);
}

/** @param {number} share 0 is from, 1 is to */
export function mix(from, to, share) {
  const [a, b] = [parts_of(from), parts_of(to)];
  return `rgb(${a.map((part, i) => Math.round(part + (b[i] - part) * share)).join(', ')})`;
}

/** Black or white, whichever is easier to read on a colour. Relative luminance of WCAG 2.2. */
export function readable_on(color) {
  const [r, g, b] = parts_of(color).map(part => {
    const x = part / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff';
}
