import { MICROS_PER_SECOND, type Micros, micros } from '../../engine/core/index.ts';
import { resourceErrorText, validateRole } from '../../engine/resources/index.ts';
import type { Job, JobTasks } from '../../engine/workload/index.ts';
import { Assumptions } from '../model/assumptions.ts';
import { parseConstraints } from '../model/constraint-text.ts';
import { JOB_COLUMNS, JOB_TABLE } from '../model/orrery-schema.ts';
import { replayWorkload } from '../model/replay.ts';
import { Shapes } from '../model/shapes.ts';
import type { Tally } from '../model/tally.ts';
import { parseScaled } from '../text/numbers.ts';
import { Interned, owned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readTable } from '../text/table.ts';
import type { TraceFile } from '../text/lines.ts';
import { hasHeader, type TraceFormat } from './format.ts';
import { readOrreryCluster } from './orrery-machines.ts';

const JOB = 0;
const ARRIVAL = 1;
const ROLE = 2;
const USER = 3;
const PRIORITY = 4;
const GANG = 5;
const TASKS = 6;
const DURATION = 7;
const CPUS = 8;
const MEM = 9;
const DISK = 10;
const GPUS = 11;
const CONSTRAINTS = 12;

const PRIORITY_MAX = 1_000_000_000;

/** Our own schema, README.md. */
export const orreryCsv: TraceFormat = {
  name: 'orrery-csv',
  title: 'Orrery CSV',
  describe:
    'jobs.csv, and beside it machines.csv and machine_events.csv if there are any; the schema that `traces convert` writes (traces/README.md).',
  assumptions: [],
  detect: (file) => hasHeader(file, JOB_COLUMNS.slice(0, JOB_TABLE.required)),
  async open(source, options) {
    const assumptions = new Assumptions(orreryCsv.name, [], options.assumptions);
    const file = source.files.find((candidate) => orreryCsv.detect(candidate))!;
    const cluster = await readOrreryCluster(source, options);
    const workload = replayWorkload(
      {
        name: source.name,
        format: orreryCsv.name,
        assumptions: assumptions.lines,
        read: (tally) => readJobs(file, tally),
      },
      options,
    );
    return { workload, cluster };
  },
};

async function* readJobs(file: TraceFile, tally: Tally): AsyncGenerator<Job[], void, undefined> {
  const grouping = new JobGrouping();
  yield* readTable(file, JOB_TABLE, tally, (row) => grouping.take(row));
  const last = grouping.end();
  if (last !== null) yield [last];
}

/** Rows of one job follow each other: a job is whole when another one begins. */
class JobGrouping {
  #open: Job | null = null;
  #tasks: JobTasks[] = [];
  readonly #shapes = new Shapes();
  readonly #texts = new Interned();

  take(row: Row): Job | null {
    const job = this.#readJob(row);
    const tasks = readTasks(row, this.#shapes);
    const open = this.#open;
    if (open !== null && open.id === job.id) {
      checkSame(row, open, job);
      this.#tasks.push(tasks);
      return null;
    }
    if (open !== null && job.arrival < open.arrival) {
      throw row.bad(ARRIVAL, `rows in order of arrival, ${open.arrival / MICROS_PER_SECOND} or later`);
    }
    this.#tasks = [tasks];
    this.#open = { ...job, tasks: this.#tasks };
    return open;
  }

  end(): Job | null {
    return this.#open;
  }

  #readJob(row: Row): Job {
    const arrival = row.seconds(ARRIVAL);
    const role = row.nonEmpty(ROLE);
    const valid = validateRole(role);
    if (!valid.ok) throw row.bad(ROLE, `a valid role name (${resourceErrorText(valid.error)})`);
    const user = row.text(USER);
    return {
      id: owned(row.nonEmpty(JOB)),
      arrival,
      role: this.#texts.of(role),
      user: user === '' ? null : this.#texts.of(user),
      priority: row.text(PRIORITY) === '' ? 0 : row.count(PRIORITY, -PRIORITY_MAX, PRIORITY_MAX),
      gang: readGang(row),
      tasks: [],
    };
  }
}

function readGang(row: Row): boolean {
  const text = row.text(GANG);
  if (text !== 'true' && text !== 'false') throw row.bad(GANG, 'true or false');
  return text === 'true';
}

function readTasks(row: Row, shapes: Shapes): JobTasks {
  const count = row.count(TASKS, 1, 100_000_000);
  const resources = shapes.of(
    row.scalar(CPUS),
    row.scalar(MEM),
    row.optionalScalar(DISK),
    row.optionalScalar(GPUS),
  );
  if (resources.isEmpty) throw row.bad(CPUS, 'a task that needs something');
  const constraints = parseConstraints(row.text(CONSTRAINTS));
  if (constraints === null) throw row.bad(CONSTRAINTS, 'attribute=value|value;attribute!=value');
  return { count, resources, duration: readDuration(row, count), constraints };
}

/** One duration for all tasks, or one per task. */
function readDuration(row: Row, count: number): Micros | Float64Array {
  const text = row.text(DURATION);
  if (!text.includes(';')) {
    const duration = row.seconds(DURATION);
    if (duration < 1) throw row.bad(DURATION, 'seconds, 0.000001 or more');
    return micros(duration);
  }
  const parts = text.split(';');
  if (parts.length !== count)
    throw row.bad(DURATION, `one duration, or ${count} (as tasks) separated by ";"`);
  return Float64Array.from(parts, (part) => {
    const duration = parseScaled(part, 6);
    if (!(duration >= 1)) throw row.bad(DURATION, 'seconds, 0.000001 or more, separated by ";"');
    return duration;
  });
}

function checkSame(row: Row, open: Job, job: Job): void {
  const same =
    open.arrival === job.arrival &&
    open.role === job.role &&
    open.user === job.user &&
    open.priority === job.priority &&
    open.gang === job.gang;
  if (!same)
    throw row.bad(JOB, 'arrival, role, user, priority and gang as in the row before, or another job');
}
