// Numbers as people read them.

/** At most four significant digits; powers of ten outside of what is easily counted: 1.3e-10. */
export function format_number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'none';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  if (size >= 1e6 || size < 1e-3) return shorten_exponent(value.toExponential(Math.min(digits, 3) - 1));
  return String(Number(value.toPrecision(digits)));
}

/** 1.30e-10 becomes 1.3e-10, 1e+12 becomes 1e12. */
function shorten_exponent(text) {
  return text.replace(/\.?0*e/, 'e').replace('e+', 'e');
}

/** A whole power of ten. 10 ** -45 is computed by no float arithmetic here. */
export function format_power_of_ten(exponent) {
  if (exponent >= 0 && exponent <= 4) return '1' + '0'.repeat(exponent);
  if (exponent < 0 && exponent >= -3) return '0.' + '0'.repeat(-exponent - 1) + '1';
  return `1e${exponent}`;
}

const BINARY_PREFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** A whole power of two, with a space before the prefix or what is put behind: 64 Ki, 512 . Negative exponents as decimals. */
export function format_power_of_two(exponent) {
  if (exponent < 0 || exponent >= 10 * BINARY_PREFIXES.length) return format_number(2 ** exponent);
  const prefix = BINARY_PREFIXES[Math.floor(exponent / 10)];
  return `${2 ** (exponent % 10)} ${prefix}`;
}
