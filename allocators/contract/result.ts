import type { Shown } from './failure.ts';

export type Verdict = 'pass' | 'fail' | 'error' | 'unsupported';

/** What came of one scenario (conformance README §12). Fields that do not apply are null. */
export interface ScenarioResult {
  /** `area/name`. */
  readonly scenario: string;
  readonly result: Verdict;
  /** Index of the step; the number of steps for what was left at the end. */
  readonly step: number | null;
  readonly op: string | null;
  readonly message: string | null;
  readonly expected: Shown;
  readonly actual: Shown;
}

export interface Summary {
  readonly pass: number;
  readonly fail: number;
  readonly error: number;
  readonly unsupported: number;
}

export function summarize(results: readonly ScenarioResult[]): Summary {
  const count = (verdict: Verdict): number => results.filter(({ result }) => result === verdict).length;
  return {
    pass: count('pass'),
    fail: count('fail'),
    error: count('error'),
    unsupported: count('unsupported'),
  };
}

/** The JSON line of README §12; fields that are null are left out. */
export function resultLine(result: ScenarioResult): string {
  const fields = Object.entries(result).filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries(fields));
}

export function summaryLine(summary: Summary): string {
  return JSON.stringify({ summary });
}

/** For people: one line of what went wrong, and the difference below it, `-` for expected, `+` for actual. */
export function resultText(result: ScenarioResult): string {
  const where =
    result.step === null ? '' : ` at step ${result.step}${result.op === null ? '' : ` (${result.op})`}`;
  const head = `${result.result.toUpperCase()} ${result.scenario}${where}: ${result.message ?? ''}`;
  if (result.result !== 'fail') return head;
  return [head, ...differenceLines(result.expected, result.actual)].join('\n');
}

function linesOf(value: Shown): readonly string[] {
  if (typeof value === 'string') return [value === '' ? '(nothing)' : value];
  if (value === null || typeof value !== 'object') return [String(value)];
  return value.length === 0 ? ['(nothing)'] : value;
}

/**
 * Lines of both in one list: common ones indented, the others marked. Keeps the order of both by their longest common subsequence;
 * O(expected × actual), the lists are short.
 */
export function differenceLines(expected: Shown, actual: Shown): readonly string[] {
  const left = linesOf(expected);
  const right = linesOf(actual);
  const width = right.length + 1;
  const lengths = Array.from({ length: (left.length + 1) * width }, () => 0);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push(`    ${left[i++]!}`);
      j++;
    } else if (
      j === right.length ||
      (i < left.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    ) {
      lines.push(`  - ${left[i++]!}`);
    } else {
      lines.push(`  + ${right[j++]!}`);
    }
  }
  return lines;
}
