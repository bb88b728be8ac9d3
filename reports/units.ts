/*
 * How numbers are shown, in the terminal, in the report's text and on its charts. The report's script carries these very functions into the browser
 * as text: they use nothing but each other and the language itself.
 */

/** A number with about three significant digits and thousands separated: `0.0123`, `4.5`, `67.8`, `1,234`. */
export function formatNumber(value: number): string {
  if (value < 0) return `-${formatNumber(-value)}`;
  if (value >= 99.95) return formatCount(value);
  if (value === 0) return '0';
  const decimals = value >= 9.995 ? 1 : value >= 0.9995 ? 2 : value >= 0.0995 ? 3 : 4;
  const text = value.toFixed(decimals).replace(/\.?0+$/, '');
  return text === '0' ? '<0.0001' : text;
}

/** A whole number with thousands separated. */
export function formatCount(value: number): string {
  const digits = Math.round(value).toString();
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number in as few characters as an axis has room for: `950`, `1.2k`, `34k`, `5.6M`. */
export function formatCompact(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.5e9) return `${trimmed(value / 1e12)}T`;
  if (size >= 999.5e6) return `${trimmed(value / 1e9)}G`;
  if (size >= 999.5e3) return `${trimmed(value / 1e6)}M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`;
  if (size >= 999.5) return formatCount(value);
  return trimmed(value);
}

/** A number with about three significant digits, its trailing zeros left out; thousands are not separated. */
export function trimmed(value: number): string {
  const size = Math.abs(value);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const text = value.toFixed(decimals);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A length of time in its natural unit: `0 s`, `12 µs`, `3.4 ms`, `5.6 s`, `7.8 min`, `9 h`, `1.2 d`. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995e-3) return `${trimmed(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${trimmed(seconds * 1e3)} ms`;
  if (seconds < 59.95) return `${trimmed(seconds)} s`;
  if (seconds < 3_597) return `${trimmed(seconds / 60)} min`;
  if (seconds < 86_350) return `${trimmed(seconds / 3_600)} h`;
  return `${formatNumber(seconds / 86_400)} d`;
}

/** A difference of two lengths of time: `+3.4 ms`, `−5.6 s`, `0 s`. */
export function formatSignedDuration(seconds: number): string {
  if (seconds === 0) return '0 s';
  return seconds > 0 ? `+${formatDuration(seconds)}` : `−${formatDuration(-seconds)}`;
}

/** An instant as the time since the start, in its two largest units: `0`, `45 s`, `2 h 30 min`, `3 d 6 h`. */
export function formatInstant(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds !== 0 && Math.abs(seconds) < 10 && whole !== seconds) return `${trimmed(seconds)} s`;
  const parts: string[] = [];
  let rest = whole;
  const names = ['d', 'h', 'min', 's'];
  const sizes = [86_400, 3_600, 60, 1];
  let last = sizes.length;
  for (let unit = 0; unit < last; unit++) {
    const count = Math.floor(rest / sizes[unit]!);
    rest -= count * sizes[unit]!;
    if (count === 0) continue;
    if (parts.length === 0) last = Math.min(sizes.length, unit + 2);
    parts.push(`${count} ${names[unit]}`);
  }
  return parts.length === 0 ? '0' : parts.join(' ');
}

/** A share of one: `0 %`, `0.12 %`, `34.5 %`. */
export function formatPercent(fraction: number): string {
  return `${trimmed(fraction * 100)} %`;
}

/** An amount of memory or disk given in MiB: `512 MiB`, `1.5 GiB`, `20 TiB`. */
export function formatMebibytes(mebibytes: number): string {
  if (mebibytes >= 1_048_576) return `${formatNumber(mebibytes / 1_048_576)} TiB`;
  if (mebibytes >= 1_024) return `${formatNumber(mebibytes / 1_024)} GiB`;
  return `${formatNumber(mebibytes)} MiB`;
}

/** `1 job`, `2,345 jobs`. */
export function formatPlural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
