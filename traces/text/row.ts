import { type Micros, type Milli, micros, milli, ZERO_MILLI } from '../../engine/core/index.ts';
import { BadRow } from '../model/trace-error.ts';
import { parseScaled } from './numbers.ts';

/**
 * One row of a table. Columns are addressed by their index in the format's list of columns, whatever their place in the file.
 * Every getter throws `BadRow` with what stands there and what was expected.
 */
export class Row {
  /** Line in the file, from 1. */
  line = 0;
  fields: readonly string[] = [];
  readonly #names: readonly string[];
  readonly #places: readonly number[];

  /** `places[column]` is the column's index among the fields, or -1 if the file does not have it. */
  constructor(names: readonly string[], places: readonly number[]) {
    this.#names = names;
    this.#places = places;
  }

  /** The field as it stands; '' if the file has no such column. */
  text(column: number): string {
    const place = this.#places[column]!;
    return place < 0 ? '' : (this.fields[place] ?? '');
  }

  nonEmpty(column: number): string {
    const text = this.text(column);
    if (text === '') throw this.bad(column, 'a value');
    return text;
  }

  /** A whole number in [min, max]; `12.0` is one. */
  count(column: number, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const text = this.text(column);
    const thousandths = parseScaled(text, 3);
    const count = thousandths / 1000;
    if (!Number.isInteger(count) || count < min || count > max) {
      const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
      throw this.bad(column, `a whole number, ${bounds}`);
    }
    return count;
  }

  /** A scalar resource in thousandths, 0 or more. */
  scalar(column: number): Milli {
    const scaled = parseScaled(this.text(column), 3);
    if (!(scaled >= 0)) throw this.bad(column, 'a number, 0 or more');
    return milli(scaled);
  }

  /** As `scalar`, and 0 where the column or its value is not there. */
  optionalScalar(column: number): Milli {
    return this.text(column) === '' ? ZERO_MILLI : this.scalar(column);
  }

  /** Seconds, 0 or more, as µs. */
  seconds(column: number): Micros {
    const scaled = parseScaled(this.text(column), 6);
    if (!(scaled >= 0)) throw this.bad(column, 'seconds, 0 or more');
    return micros(scaled);
  }

  /** Milliseconds, 0 or more, as µs. */
  milliseconds(column: number): Micros {
    const scaled = parseScaled(this.text(column), 3);
    if (!(scaled >= 0)) throw this.bad(column, 'milliseconds, 0 or more');
    return micros(scaled);
  }

  /** The error for a column that holds something else than `expected`. */
  bad(column: number, expected: string): BadRow {
    const name = this.#names[column]!;
    return new BadRow(name, `${name} is "${shortened(this.text(column))}", expected ${expected}`);
  }
}

/** Text for a message: long values are cut. */
export function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
