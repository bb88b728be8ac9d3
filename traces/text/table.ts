import type { Tally } from '../model/tally.ts';
import { BadRow, TraceError } from '../model/trace-error.ts';
import { readLines, type TraceFile } from './lines.ts';
import { Row } from './row.ts';

/** How the rows of a file are laid out. `columns` is what a format addresses by index. */
export interface TableLayout {
  readonly separator: ',' | '\t' | 'blanks';
  readonly columns: readonly string[];
  /**
   * `header`: the first row names the columns, in any order; the first `required` of `columns` have to be there. Others of the file are
   * ignored, or refused where the schema is ours and a stranger is a slip of the pen.
   * `positions`: no header; a row has `required` fields up to all of `columns`.
   */
  readonly naming: 'header' | 'positions';
  readonly required: number;
  readonly strangers: 'ignored' | 'refused';
}

/**
 * Reads a table, row by row, and yields what `take` makes of them, a block at a time. `take` returns null for a row that makes nothing
 * and throws `BadRow`; the row object is reused. Blank lines are passed over. Throws `TraceError`.
 */
export async function* readTable<T>(
  file: TraceFile,
  layout: TableLayout,
  tally: Tally,
  take: (row: Row) => T | null,
): AsyncGenerator<T[], void, undefined> {
  let row: Row | null = layout.naming === 'positions' ? positionalRow(layout) : null;
  let width = 0;
  for await (const block of readLines(file)) {
    const taken: T[] = [];
    for (let index = 0; index < block.lines.length; index++) {
      const text = block.lines[index]!;
      if (text === '') continue;
      const line = block.firstLine + index;
      if (row === null) {
        const names = splitHeader(file, layout, text, line);
        row = headedRow(file, layout, names, line);
        width = names.length;
        continue;
      }
      tally.rows++;
      try {
        row.line = line;
        row.fields = splitFields(text, layout.separator);
        checkWidth(row.fields.length, layout, width);
        const made = take(row);
        if (made !== null) taken.push(made);
      } catch (problem) {
        tally.refuse(problem, file.shown, line);
      }
    }
    if (taken.length > 0) yield taken;
  }
  if (row === null) {
    throw new TraceError(`the file is empty, expected a header: ${layout.columns.join(',')}`, {
      file: file.shown,
      line: 1,
    });
  }
}

/** Reads a whole small table. */
export async function readWholeTable<T>(
  file: TraceFile,
  layout: TableLayout,
  tally: Tally,
  take: (row: Row) => T | null,
): Promise<T[]> {
  const rows: T[] = [];
  for await (const block of readTable(file, layout, tally, take)) for (const made of block) rows.push(made);
  return rows;
}

/** The fields of a line. Quotes as in RFC 4180, but a field ends with its line. Throws `BadRow`. */
export function splitFields(line: string, separator: ',' | '\t' | 'blanks'): string[] {
  if (separator === 'blanks') return line.trim().split(/[ \t]+/);
  return line.includes('"') ? splitQuoted(line, separator) : line.split(separator);
}

function splitQuoted(line: string, separator: string): string[] {
  const fields: string[] = [];
  let start = 0;
  for (;;) {
    let end: number;
    if (line.charCodeAt(start) === 34) {
      let close = line.indexOf('"', start + 1);
      while (close >= 0 && line.charCodeAt(close + 1) === 34) close = line.indexOf('"', close + 2);
      if (close < 0) {
        throw new BadRow(
          'quotes',
          `field ${fields.length + 1} opens a quote that is not closed, expected it on the same line`,
        );
      }
      end = close + 1;
      if (end < line.length && line[end] !== separator) {
        throw new BadRow(
          'quotes',
          `field ${fields.length + 1} goes on after its closing quote, expected "${separator}"`,
        );
      }
      fields.push(line.slice(start + 1, close).replaceAll('""', '"'));
    } else {
      end = line.indexOf(separator, start);
      if (end < 0) end = line.length;
      fields.push(line.slice(start, end));
    }
    if (end >= line.length) return fields;
    start = end + 1;
  }
}

function positionalRow(layout: TableLayout): Row {
  return new Row(
    layout.columns,
    layout.columns.map((_, place) => place),
  );
}

function splitHeader(file: TraceFile, layout: TableLayout, text: string, line: number): string[] {
  try {
    return splitFields(text, layout.separator).map((name) => name.trim());
  } catch (problem) {
    if (problem instanceof BadRow) throw new TraceError(problem.message, { file: file.shown, line });
    throw problem;
  }
}

function headedRow(file: TraceFile, layout: TableLayout, names: readonly string[], line: number): Row {
  const place = { file: file.shown, line };
  const known = new Map<string, number>();
  names.forEach((name, index) => {
    if (known.has(name))
      throw new TraceError(`the header names column "${name}" twice, expected it once`, place);
    known.set(name, index);
  });
  const missing = layout.columns.slice(0, layout.required).filter((name) => !known.has(name));
  if (missing.length > 0) {
    throw new TraceError(
      `the header lacks ${missing.join(', ')}, expected columns ${layout.columns.slice(0, layout.required).join(', ')}`,
      place,
    );
  }
  if (layout.strangers === 'refused') {
    const stranger = names.find((name) => !layout.columns.includes(name));
    if (stranger !== undefined) {
      throw new TraceError(
        `the header names column "${stranger}", expected only ${layout.columns.join(', ')}`,
        place,
      );
    }
  }
  return new Row(
    layout.columns,
    layout.columns.map((name) => known.get(name) ?? -1),
  );
}

function checkWidth(count: number, layout: TableLayout, width: number): void {
  if (layout.naming === 'header') {
    if (count === width) return;
    throw new BadRow('number of fields', `the row has ${count} fields, expected ${width} as in the header`);
  }
  const most = layout.columns.length;
  if (count >= layout.required && count <= most) return;
  const expected = layout.required === most ? `${most}` : `${layout.required} to ${most}`;
  throw new BadRow('number of fields', `the row has ${count} fields, expected ${expected}`);
}
