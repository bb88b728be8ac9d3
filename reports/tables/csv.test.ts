import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCsvRows } from './csv-rows.ts';
import { CsvSink } from './csv-sink.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-csv-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function path(): string {
  return join(folder, 'table.csv');
}

function write(header: readonly string[], fill: (sink: CsvSink) => void): string {
  rmSync(path(), { force: true });
  const sink = new CsvSink(path(), header);
  fill(sink);
  sink.close();
  return readFileSync(path(), 'utf8');
}

/** Texts that need quotes, texts that do not, and everything else that is well-formed. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    'plain',
    'a,b',
    'a"b',
    '"',
    '""',
    'line\nbreak',
    'cr\rlf\r\n',
    ' space ',
    'é',
    '日本',
    '🙂',
  ),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ maxLength: 30 }),
);

test('texts come back as they were written', () => {
  const row = fc.tuple(fc.option(text), fc.option(text), fc.option(text));
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
      write(['a', 'b', 'c'], (sink) => {
        for (const cells of rows) {
          for (const cell of cells) sink.text(cell);
          sink.endRow();
        }
        expect(sink.rows).toBe(rows.length);
      });
      const found: (string | null)[][] = [];
      const read = readCsvRows(path(), ['a', 'b', 'c'], (fields) => {
        found.push([fields.textOrNull(0), fields.textOrNull(1), fields.textOrNull(2)]);
      });
      expect(read).toEqual({ ok: true, value: rows.length });
      expect(found).toEqual(rows);
    }),
  );
});

test('numbers are written as JavaScript writes them', () => {
  const whole = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -1_000, max: 1_000 }));
  fc.assert(
    fc.property(whole, (number) => {
      const written = write(['n', 'micro', 'milli'], (sink) => {
        sink.integer(number);
        sink.millionths(number);
        sink.thousandths(number);
        sink.endRow();
      });
      const [integer, millionths, thousandths] = written.split('\n')[1]!.split(',');
      expect(integer).toBe(String(number));
      expect(millionths).toBe(exactDecimal(number, 6));
      expect(thousandths).toBe(exactDecimal(number, 3));
    }),
  );
});

/** `number` × 10^-`digits` by moving the point in its decimal text. */
function exactDecimal(number: number, digits: number): string {
  const size = String(Math.abs(number)).padStart(digits + 1, '0');
  const decimals = size.slice(-digits).replace(/0+$/, '');
  const whole = size.slice(0, -digits);
  return `${number < 0 ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`;
}

test('rows that fill the buffer many times over arrive whole', () => {
  const long = `"${'x'.repeat(300_000)}",`;
  const written = write(['a', 'n'], (sink) => {
    for (let row = 0; row < 60_000; row++) {
      sink.text(`name-${row}`);
      sink.integer(row);
      sink.endRow();
    }
    sink.text(long);
    sink.integer(1);
    sink.endRow();
  });
  const lines = written.split('\n');
  expect(lines).toHaveLength(60_003);
  expect(lines[60_000]).toBe('name-59999,59999');
  expect(lines[60_001]).toBe(`"${long.replaceAll('"', '""')}",1`);
});

function refusal(content: string): string {
  writeFileSync(path(), content);
  const read = readCsvRows(path(), ['a', 'n'], (row) => {
    row.text(0);
    row.number(1);
  });
  if (read.ok || read.error.code !== 'DAMAGED_FILE') return 'read';
  return `${read.error.line}: ${read.error.message}`;
}

test('a damaged file is refused with its line', () => {
  expect(refusal('')).toBe('1: the file is empty');
  expect(refusal('a,b\n')).toBe('1: the columns a,n are expected, found a,b');
  expect(refusal('a,n\nx,1\ny,two\n')).toBe('3: n: a number is expected, found "two"');
  expect(refusal('a,n\nx,1\ny,\n')).toBe('3: n: a number is expected, found nothing');
  expect(refusal('a,n\nx,-1\n')).toBe('2: n: a number is expected, found "-1"');
  expect(refusal('a,n\n,1\n')).toBe('2: a: a text is expected, found nothing');
  expect(refusal('a,n\nx,1,2\n')).toBe('2: 2 fields are expected, found 3');
  expect(refusal('a,n\nx,1\ny,2')).toBe('3: the file ends within a line');
  expect(refusal('a,n\n"x\n\n1,2\n')).toBe('2: a quoted field does not end');
  expect(refusal('a,n\nx"y",1\n')).toBe('2: a quote stands where none may');
  expect(refusal('a,n\n"two\nlines",1\n"x",z\n')).toBe('4: n: a number is expected, found "z"');
});

test('a file that is not there is refused', () => {
  const read = readCsvRows(join(folder, 'none.csv'), ['a'], () => undefined);
  expect(read).toMatchObject({ ok: false, error: { code: 'DAMAGED_FILE', line: null } });
});
