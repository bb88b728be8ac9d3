import { BadRow } from '../model/trace-error.ts';
import { shortened } from '../text/row.ts';

/** Fields of the Standard Workload Format 2.2, from 0; -1 means not available (spec traces.md §9). */
export const SWF_FIELDS = [
  'job number',
  'submit time',
  'wait time',
  'run time',
  'allocated processors',
  'average CPU time',
  'used memory',
  'requested processors',
  'requested time',
  'requested memory',
  'status',
  'user id',
  'group id',
  'executable number',
  'queue number',
  'partition number',
  'preceding job',
  'think time',
] as const;

export const SUBMIT = 1;
export const RUN = 3;
export const ALLOCATED = 4;
export const USED_MEMORY = 6;
export const REQUESTED = 7;
export const REQUESTED_TIME = 8;
export const REQUESTED_MEMORY = 9;
export const STATUS = 10;
export const USER = 11;
export const GROUP = 12;
export const QUEUE = 14;
export const PARTITION = 15;

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const SPACE = 32;

/**
 * Reads the 18 numbers of a data line into `values`; what follows them (Alea's lists of nodes) is not looked at.
 * By hand, character by character: a split and 18 conversions cost four times as much. Throws `BadRow`.
 */
export function scanSwfLine(line: string, values: Float64Array): void {
  const length = line.length;
  const wanted = SWF_FIELDS.length;
  let at = 0;
  for (let field = 0; field < wanted; field++) {
    while (at < length && line.charCodeAt(at) <= SPACE) at++;
    if (at >= length) {
      throw new BadRow('number of fields', `the line has ${field} fields, expected ${wanted}`);
    }
    const start = at;
    let code = line.charCodeAt(at);
    const negative = code === MINUS;
    if (negative) code = line.charCodeAt(++at);
    let value = 0;
    let digits = 0;
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      digits++;
      code = line.charCodeAt(++at);
    }
    if (code === POINT) {
      let scale = 1;
      code = line.charCodeAt(++at);
      while (code >= ZERO && code <= NINE) {
        value = value * 10 + (code - ZERO);
        scale *= 10;
        digits++;
        code = line.charCodeAt(++at);
      }
      value /= scale;
    }
    if (digits === 0 || (at < length && code > SPACE) || value > Number.MAX_SAFE_INTEGER) {
      const end = line.slice(start).search(/\s/);
      const text = end < 0 ? line.slice(start) : line.slice(start, start + end);
      const name = SWF_FIELDS[field]!;
      throw new BadRow(name, `${name} (field ${field + 1}) is "${shortened(text)}", expected a number`);
    }
    values[field] = negative ? -value : value;
  }
}
