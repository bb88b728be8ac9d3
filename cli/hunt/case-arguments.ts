import { type HuntCase, wholeCase } from '../../drivers/sim/hunt/index.ts';
import { UsageError } from '../usage-error.ts';

/** Options that leave parts of a seed's scenario out. */
export interface RawCaseOptions {
  readonly keep?: string;
  readonly frameworks?: string;
  readonly machines?: string;
  readonly horizon?: string;
}

/** The case that the options name. */
export function caseOf(seed: number, options: RawCaseOptions): HuntCase {
  const horizon = options.horizon === undefined ? null : parseNumber('--horizon', options.horizon);
  return {
    ...wholeCase(seed),
    faults: options.keep === undefined ? null : parseList('--keep', options.keep),
    frameworks: options.frameworks === undefined ? null : parseList('--frameworks', options.frameworks),
    machines: options.machines === undefined ? null : parseNumber('--machines', options.machines),
    horizon: horizon === null ? null : (Math.round(horizon * 1_000_000) as HuntCase['horizon']),
  };
}

/** The same as a command line, behind `orrery hunt`. */
export function caseText(which: HuntCase, mutation: string | null): string {
  const words = [`--seed ${which.seed}`];
  if (mutation !== null) words.push(`--mutation ${mutation}`);
  if (which.machines !== null) words.push(`--machines ${which.machines}`);
  if (which.frameworks !== null) words.push(`--frameworks ${which.frameworks.join() || 'none'}`);
  if (which.horizon !== null) words.push(`--horizon ${which.horizon / 1_000_000}`);
  if (which.faults !== null) words.push(`--keep ${which.faults.join() || 'none'}`);
  return words.join(' ');
}

function parseList(option: string, text: string): readonly number[] {
  if (text === 'none') return [];
  return text.split(',').map((word) => parseNumber(option, word.trim()));
}

function parseNumber(option: string, text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0)
    throw new UsageError(`${option}: "${text}" is no number of 0 or more`);
  return value;
}
