import { micros, type Micros } from '../../../engine/core/index.ts';
import type { MasterInput } from '../../../engine/master/index.ts';
import { ValueFormatError, ValueReader } from '../storage/value-reader.ts';
import { ValueWriter } from '../storage/value-writer.ts';
import { formOf, readForm, writeForm } from './frequent-inputs.ts';
import type { JournalRecord, NameRecord } from './journal-record.ts';

/**
 * The records of a segment as bytes, one after the other. A byte says what follows; the two kinds that nearly all records are of have forms of
 * their own:
 *
 *     0  any record: a value of `ValueWriter`
 *     1  an input: microseconds since the input before it (a difference), and the input, a value
 *     2  a name: what it is of (its index in NAMED), the id (a count), the text (characters)
 *     3  and up, an input of the form 0 and up: microseconds as above, and the form's own bytes (frequent-inputs)
 */
const ANY = 0;
const INPUT = 1;
const NAME = 2;
const FORMS = 3;

const NAMED: readonly NameRecord['of'][] = ['task', 'executor', 'agent', 'framework'];

/** Writes records; a reader gets the bytes of one segment in the same order. */
export class RecordWriter {
  readonly #values = new ValueWriter();
  #now = 0;

  /** A new segment, which is read by itself. */
  forget(): void {
    this.#values.forget();
    this.#now = 0;
  }

  /** See `ValueWriter`. */
  begin(buffer: Buffer, free: number): void {
    this.#values.begin(buffer, free);
  }

  take(): Buffer {
    return this.#values.take();
  }

  get length(): number {
    return this.#values.length;
  }

  truncate(length: number): void {
    this.#values.truncate(length);
  }

  /** Throws InvariantError for what is no data. */
  input(now: Micros, input: MasterInput): void {
    const values = this.#values;
    const form = formOf(input);
    values.byte(form === null ? INPUT : FORMS + form);
    values.difference(now - this.#now);
    this.#now = now;
    if (form === null) values.value(input);
    else writeForm(values, form, input);
  }

  name(of: NameRecord['of'], id: number, text: string): void {
    const values = this.#values;
    values.byte(NAME);
    values.byte(NAMED.indexOf(of));
    values.count(id);
    values.characters(text);
  }

  any(record: JournalRecord): void {
    this.#values.byte(ANY);
    this.#values.value(record);
  }
}

/** A record and the byte of the block that it begins at. */
export interface RecordInBlock {
  readonly at: number;
  readonly record: JournalRecord;
}

/** Reads the blocks of one segment, in order. */
export interface RecordReader {
  /** Throws ValueFormatError for what no writer wrote. */
  read(bytes: Uint8Array): Iterable<RecordInBlock>;
}

/** @param format of the segment: 1 or 2 */
export function recordReader(format: number): RecordReader {
  return format === 1 ? new ValuePerBlock() : new RecordsInBlock();
}

/** What a `RecordWriter` wrote. */
class RecordsInBlock implements RecordReader {
  readonly #values = new ValueReader();
  #now = 0;

  *read(bytes: Uint8Array): Generator<RecordInBlock> {
    const values = this.#values;
    values.begin(bytes);
    while (values.left > 0) yield { at: values.at, record: values.checked(() => this.#record()) };
  }

  #record(): JournalRecord {
    const values = this.#values;
    const kind = values.byte();
    switch (kind) {
      case ANY:
        return values.value() as JournalRecord;
      case INPUT:
        return { kind: 'input', now: this.#instant(), input: values.value() as MasterInput };
      case NAME: {
        const of = NAMED[values.byte()];
        if (of === undefined) throw new ValueFormatError('a name is of nothing known');
        return { kind: 'name', of, id: values.count(), text: values.characters() };
      }
      default:
        return { kind: 'input', now: this.#instant(), input: readForm(values, kind - FORMS) };
    }
  }

  #instant(): Micros {
    this.#now += this.#values.difference();
    return micros(this.#now);
  }
}

/** Format 1. */
class ValuePerBlock implements RecordReader {
  readonly #values = new ValueReader();

  read(bytes: Uint8Array): Iterable<RecordInBlock> {
    return [{ at: 0, record: this.#values.read(bytes) as JournalRecord }];
  }
}
