import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { err, ok, type Result } from '../../engine/core/index.ts';
import { causeText, type ReportError } from '../report-error.ts';

const CHUNK_BYTES = 1 << 18;

/** The fields of one row. A field that is not what was asked for is remembered as the row's problem; reading goes on with a harmless value. */
export class CsvRow {
  readonly #header: readonly string[];
  #fields: readonly (string | null)[] = [];
  problem: string | null = null;

  constructor(header: readonly string[]) {
    this.#header = header;
  }

  /** Takes the next row; a wrong number of fields is a problem. */
  take(fields: readonly (string | null)[]): void {
    this.#fields = fields;
    this.problem = null;
    if (fields.length !== this.#header.length) {
      this.problem = `${this.#header.length} fields are expected, found ${fields.length}`;
    }
  }

  /** A text; null where the field is absent. */
  textOrNull(column: number): string | null {
    return this.#fields[column] ?? null;
  }

  text(column: number): string {
    const value = this.textOrNull(column);
    if (value === null) this.#complain(column, 'a text');
    return value ?? '';
  }

  /** A finite number of 0 or more. */
  number(column: number): number {
    return this.numberOrNull(column) ?? this.#complain(column, 'a number');
  }

  numberOrNull(column: number): number | null {
    const field = this.textOrNull(column);
    if (field === null) return null;
    const value = Number(field);
    if (field.trim() === '' || !Number.isFinite(value) || value < 0)
      return this.#complain(column, 'a number');
    return value;
  }

  #complain(column: number, wanted: string): number {
    const found = this.#fields[column] ?? null;
    this.problem ??= `${this.#header[column]}: ${wanted} is expected, found ${found === null ? 'nothing' : JSON.stringify(found)}`;
    return 0;
  }
}

/**
 * Reads a CSV file that `CsvSink` wrote, a chunk at a time, and calls `take` for each row after the header. Refuses, with file and line, a file
 * that cannot be read, another header, a row that is not well formed, one that `take` finds a problem in, and a last line without its end.
 *
 * @returns the number of rows
 */
export function readCsvRows(
  path: string,
  header: readonly string[],
  take: (row: CsvRow) => void,
): Result<number, ReportError> {
  const row = new CsvRow(header);
  let line = 0;
  let rows = -1;
  const damaged = (at: number, message: string): Result<number, ReportError> =>
    err({ code: 'DAMAGED_FILE', path, line: at, message });

  const lines = new LineReader();
  let pending = '';
  let firstLine = 1;
  try {
    const descriptor = openSync(path, 'r');
    try {
      for (let text = lines.next(descriptor); text !== null; text = lines.next(descriptor)) {
        line++;
        if (pending === '') firstLine = line;
        const whole = pending + text;
        if (isInsideQuotes(whole)) {
          pending = `${whole}\n`;
          continue;
        }
        pending = '';
        const fields = splitFields(whole);
        if (fields === null) return damaged(firstLine, 'a quote stands where none may');
        if (rows === -1) {
          const found = fields.join(',');
          if (found !== header.join(',')) {
            return damaged(firstLine, `the columns ${header.join(',')} are expected, found ${found}`);
          }
        } else {
          row.take(fields);
          if (row.problem === null) take(row);
          if (row.problem !== null) return damaged(firstLine, row.problem);
        }
        rows++;
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    return err({ code: 'DAMAGED_FILE', path, line: null, message: causeText(cause) });
  }
  if (pending !== '') return damaged(firstLine, 'a quoted field does not end');
  if (lines.rest !== '') return damaged(line + 1, 'the file ends within a line');
  if (rows === -1) return damaged(1, 'the file is empty');
  return ok(rows);
}

/** Whether `text` ends inside a quoted field: it holds an odd number of quotes. */
function isInsideQuotes(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

/** The fields of a row; null for an absent one. Null as a whole if a quote is out of place. */
function splitFields(text: string): (string | null)[] | null {
  if (!text.includes('"')) return text.split(',').map((field) => (field === '' ? null : field));
  const fields: (string | null)[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      if (end === -1) return null;
      fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const comma = text.indexOf(',', at);
      const end = comma === -1 ? text.length : comma;
      const field = text.slice(at, end);
      if (field.includes('"')) return null;
      fields.push(field === '' ? null : field);
      at = end;
    }
    if (at === text.length) return fields;
    if (text[at] !== ',') return null;
    at++;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

/** Lines of a file, each without its \n; `rest` is what follows the last \n. */
class LineReader {
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #at = 0;
  #ended = false;

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  next(descriptor: number): string | null {
    for (;;) {
      const end = this.#text.indexOf('\n', this.#at);
      if (end !== -1) {
        const line = this.#text.slice(this.#at, end);
        this.#at = end + 1;
        return line;
      }
      if (this.#ended) return null;
      const read = readSync(descriptor, this.#chunk, 0, CHUNK_BYTES, null);
      this.#ended = read === 0;
      const more = this.#ended ? this.#decoder.end() : this.#decoder.write(this.#chunk.subarray(0, read));
      this.#text = this.#text.slice(this.#at) + more;
      this.#at = 0;
    }
  }
}
