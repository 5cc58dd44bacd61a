// Elements made from text only: what a result file says never becomes markup.

/**
 * @param {string} tag
 * @param {Object<string, string|number|boolean>} attributes false leaves one out
 * @param {...(Node|string)} children strings become text
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function svg_element(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Control characters, and those that turn the direction of all that follows. */
const HARMFUL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** JSON, with nothing in its strings that makes other text look like something else. */
export function parse_data(text) {
  return JSON.parse(text, (_, value) => (typeof value === 'string' ? value.replace(HARMFUL, '\ufffd') : value));
}
