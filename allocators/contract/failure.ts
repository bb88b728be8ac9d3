/** What an expectation shows when it fails: plain text lines, or anything JSON can hold. */
export type Shown = string | number | boolean | null | readonly string[];

/** An expectation that did not hold. */
export class ExpectationFailed extends Error {
  override readonly name = 'ExpectationFailed';
  readonly expected: Shown;
  readonly actual: Shown;

  constructor(message: string, expected: Shown, actual: Shown) {
    super(message);
    this.expected = expected;
    this.actual = actual;
  }
}

/** Something that the implementation under test does not offer. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

export function expectSame(message: string, expected: Shown, actual: Shown): void {
  if (!isSame(expected, actual)) throw new ExpectationFailed(message, expected, actual);
}

/** As `expectSame`, for lists whose order does not matter. */
export function expectSameSet(message: string, expected: readonly string[], actual: readonly string[]): void {
  const [left, right] = [sorted(expected), sorted(actual)];
  if (!isSame(left, right)) throw new ExpectationFailed(message, left, right);
}

export function expectClose(message: string, expected: number, actual: number, tolerance: number): void {
  if (!(Math.abs(expected - actual) <= tolerance)) throw new ExpectationFailed(message, expected, actual);
}

/** Ascending by code units, a new list. */
export function sorted(lines: readonly string[]): readonly string[] {
  return [...lines].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function isSame(left: Shown, right: Shown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  return left.length === right.length && left.every((line, index) => line === right[index]);
}
