import { milli, type Milli } from '../../engine/core/index.ts';
import { Tally } from '../model/tally.ts';
import { BadRow } from '../model/trace-error.ts';
import type { TraceFile } from '../text/lines.ts';
import { readWholeTable, type TableLayout } from '../text/table.ts';
import type { Row } from '../text/row.ts';
import { firstLine, type TraceSourceFile } from './format.ts';

/** `init-cluster-state.log`, the Omega simulator's list of jobs present at the start (spec traces.md §13). */
const STATE: TableLayout = {
  separator: 'blanks',
  columns: [
    'kind',
    'timestamp',
    'job id',
    'production',
    'scheduling class',
    'tasks or end',
    'cpus',
    'memory bytes',
  ],
  naming: 'positions',
  required: 6,
  strangers: 'refused',
};
const KIND = 0;
const CLASS = 4;
const TASKS = 5;
const CPUS = 6;
const MEMORY = 7;

const PRESENT = '11';
const ENDS = '12';
const BYTES_PER_MEBIBYTE = 1_048_576;

/** Size of a job: how many tasks, and what one of them needs, at least `CPUS_MIN` and `MEM_MIN`. */
export interface JobSize {
  readonly schedulingClass: number;
  readonly tasks: number;
  readonly cpus: Milli;
  readonly mem: Milli;
}

/** Mesos gives an executor 0.01 cpus at least; the mean use per task of this file goes far below. */
const CPUS_MIN = 10;
const MEM_MIN = 1_000;

export function isClusterState(file: TraceSourceFile): boolean {
  return /^1[12] \d+(\.\d+)? \d+ [01] [0-3] /.test(firstLine(file));
}

/** The jobs present at the start; rows about their ends are passed over. Strict. */
export function readJobSizes(file: TraceFile): Promise<JobSize[]> {
  return readWholeTable(file, STATE, new Tally('strict'), readSize);
}

function readSize(row: Row): JobSize | null {
  const kind = row.text(KIND);
  if (kind === ENDS) return null;
  if (kind !== PRESENT) throw row.bad(KIND, '11 (present at the start) or 12 (ends)');
  if (row.fields.length !== STATE.columns.length) {
    throw new BadRow('number of fields', `the row has ${row.fields.length} fields, expected 8 for kind 11`);
  }
  const tasks = row.count(TASKS, 1, 10_000_000);
  const cpus = amount(row, CPUS);
  const bytes = amount(row, MEMORY);
  return {
    schedulingClass: row.count(CLASS, 0, 3),
    tasks,
    cpus: milli(Math.max(CPUS_MIN, Math.round((cpus * 1_000) / tasks))),
    mem: milli(Math.max(MEM_MIN, Math.round((bytes * 1_000) / BYTES_PER_MEBIBYTE / tasks))),
  };
}

function amount(row: Row, column: number): number {
  const text = row.text(column);
  const value = text === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value < Number.MAX_SAFE_INTEGER)) throw row.bad(column, 'a number, 0 or more');
  return value;
}
