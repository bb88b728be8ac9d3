import { type Micros, micros, type Milli, Rng, ZERO_MILLI } from '../../engine/core/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import { replayWorkload } from '../model/replay.ts';
import { roleName } from '../model/role-name.ts';
import { Shapes } from '../model/shapes.ts';
import type { Tally } from '../model/tally.ts';
import { parseScaled } from '../text/numbers.ts';
import { Interned, owned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readTable, type TableLayout } from '../text/table.ts';
import { companion, firstLine, type TraceFormat, type TraceSource, type TraceSourceFile } from './format.ts';
import { MACHINE_ASSUMPTIONS, readGoogleCluster, WINDOW_START } from './google-machines.ts';
import { isClusterState, type JobSize, readJobSizes } from './omega-state.ts';

const JOB_EVENTS: TableLayout = {
  separator: ',',
  columns: [
    'timestamp',
    'missing info',
    'job id',
    'event type',
    'user',
    'scheduling class',
    'job name',
    'logical job name',
  ],
  naming: 'positions',
  required: 8,
  strangers: 'refused',
};
const TIMESTAMP = 0;
const JOB_ID = 2;
const EVENT_TYPE = 3;
const USER = 4;
const SCHEDULING_CLASS = 5;

/** Event codes (spec traces.md §1): 2 EVICT, 3 FAIL, 4 FINISH, 5 KILL and 6 LOST end a job; 7 and 8 update it. */
const SUBMIT_EVENT = 0;
const SCHEDULE_EVENT = 1;
const FIRST_END_EVENT = 2;
const LAST_END_EVENT = 6;
const LAST_EVENT = 8;

/** 2^63 - 1: after the end of the trace. */
const AFTER_THE_END = '9223372036854775807';

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  {
    name: 'role-by',
    meaning: 'role of a job: its user, its scheduling class, or none for one role "default"',
    fallback: 'user',
    example: 'class',
  },
  {
    name: 'tasks-per-job',
    meaning: 'tasks of every job, where there is no init-cluster-state.log to sample sizes from',
    fallback: null,
    example: '10',
  },
  {
    name: 'task-cpus',
    meaning: 'cpus of every task, where sizes are not sampled',
    fallback: null,
    example: '0.5',
  },
  {
    name: 'task-mem',
    meaning: 'memory of every task, where sizes are not sampled',
    fallback: null,
    example: '1GiB',
  },
  {
    name: 'tasks-max',
    meaning: 'largest number of tasks of a sampled job; larger ones are cut to it',
    fallback: '20010',
    example: '1000',
  },
  ...MACHINE_ASSUMPTIONS,
];

/** Job events of the Google cell of 2011 (traces/samples/google-2011-jobs/README.md). */
export const google2011: TraceFormat = {
  name: 'google-2011-jobs',
  title: 'Google cluster trace 2011, job events',
  describe:
    'One or more parts of job_events; with init-cluster-state.log job sizes are sampled, with machine_shapes.csv, machine_removals.csv and ' +
    'never_returned.csv the fleet and its failures are read (name several files or folders, separated by commas).',
  assumptions: ASSUMPTIONS,
  detect: (file) => /^\d+,[012]?,\d+,[0-8],[^,]*,[0-3]?,[^,]*,[^,]*$/.test(firstLine(file)),
  async open(source, options) {
    const assumptions = new Assumptions(google2011.name, ASSUMPTIONS, options.assumptions);
    const parts = source.files.filter((file) => google2011.detect(file));
    const sizes = await jobSizes(source, assumptions);
    const roleBy = assumptions.choice('role-by', ['user', 'class', 'none']);
    const cluster = await readGoogleCluster(source, assumptions, options);
    assumptions.state(
      'time 0 is the start of the window, 600 s; jobs from before it arrive at 0 with their remaining run time',
    );
    assumptions.state(
      'a job runs from its first SCHEDULE to its last end (EVICT, FAIL, FINISH, KILL, LOST); one without an end runs to the last row; jobs never scheduled are left out',
    );
    assumptions.state(
      'all tasks of a job run as long as the job; priority is the scheduling class; no gangs',
    );
    const workload = replayWorkload(
      {
        name: source.name,
        format: google2011.name,
        assumptions: assumptions.lines,
        async *read(tally) {
          const history = await readHistory(parts, tally);
          yield* jobsOf(history, sizes(options.seed), roleBy, tally);
        },
      },
      options,
    );
    return { workload, cluster };
  },
};

/** Gives each job in turn its size. */
type Sizes = (schedulingClass: number) => JobSize;

async function jobSizes(source: TraceSource, assumptions: Assumptions): Promise<(seed: number) => Sizes> {
  const state = companion(source, isClusterState);
  if (state !== null) {
    const pool = await readJobSizes(state);
    const most = assumptions.count('tasks-max', 1);
    const byClass = [0, 1, 2, 3].map((wanted) => {
      const ofClass = pool.filter((size) => size.schedulingClass === wanted);
      return ofClass.length > 0 ? ofClass : pool;
    });
    assumptions.state(
      `number and size of tasks are drawn with the seed from the ${pool.length} jobs of ${state.name} of the same scheduling class: mean use per task, 0.01 cpus and 1 MiB at least`,
    );
    return (seed) => {
      const rng = Rng.forPurpose(seed, 'google-2011/sizes');
      return (schedulingClass) => {
        const choices = byClass[schedulingClass]!;
        const size = choices[rng.below(choices.length)]!;
        return size.tasks <= most ? size : { ...size, tasks: most };
      };
    };
  }
  assumptions.require(['tasks-per-job', 'task-cpus', 'task-mem']);
  const size: JobSize = {
    schedulingClass: 0,
    tasks: assumptions.count('tasks-per-job', 1, 1_000_000),
    cpus: assumptions.milli('task-cpus', 10),
    mem: assumptions.mebibytes('task-mem', 1),
  };
  return () => () => size;
}

/**
 * The life of each job, in order of submission: the run time is known only at its end, so the columns are held until the last row.
 * About 100 bytes a job: 70 MB for the whole trace of 672,074.
 */
interface JobHistory {
  readonly ids: string[];
  readonly users: string[];
  readonly classes: number[];
  readonly submitted: number[];
  /** -1: never scheduled. */
  readonly scheduled: number[];
  /** -1: no end seen. */
  readonly ended: number[];
  last: number;
}

async function readHistory(parts: readonly TraceSourceFile[], tally: Tally): Promise<JobHistory> {
  const history: JobHistory = {
    ids: [],
    users: [],
    classes: [],
    submitted: [],
    scheduled: [],
    ended: [],
    last: 0,
  };
  const known = new Map<string, number>();
  const users = new Interned();
  let previous = 0;
  for (const part of parts) {
    const rows = readTable(part, JOB_EVENTS, tally, (row) => {
      const at = eventTime(row);
      if (at < previous) throw row.bad(TIMESTAMP, `rows in order of time, ${previous} or later`);
      const type = row.count(EVENT_TYPE, 0, LAST_EVENT);
      noteEvent(row, type, Math.max(0, at - WINDOW_START), history, known, users);
      if (at !== Number.POSITIVE_INFINITY) previous = at;
      return null;
    });
    for await (const _ of rows);
  }
  history.last = Math.max(0, previous - WINDOW_START);
  return history;
}

function eventTime(row: Row): number {
  const text = row.text(TIMESTAMP);
  if (text === AFTER_THE_END) return Number.POSITIVE_INFINITY;
  const at = parseScaled(text, 0);
  if (!(at >= 0)) throw row.bad(TIMESTAMP, 'whole microseconds, 0 or more');
  return at;
}

function noteEvent(
  row: Row,
  type: number,
  at: number,
  history: JobHistory,
  known: Map<string, number>,
  users: Interned,
): void {
  const id = row.nonEmpty(JOB_ID);
  let job = known.get(id);
  if (job === undefined) {
    // A job may first be seen later in its life: its creation record is missing (missing info 2).
    const schedulingClass = row.text(SCHEDULING_CLASS) === '' ? 0 : row.count(SCHEDULING_CLASS, 0, 3);
    job = history.ids.length;
    const kept = owned(id);
    known.set(kept, job);
    history.ids.push(kept);
    history.users.push(users.of(row.text(USER)));
    history.classes.push(schedulingClass);
    history.submitted.push(at);
    history.scheduled.push(-1);
    history.ended.push(-1);
  }
  if (type === SUBMIT_EVENT) return;
  if (type === SCHEDULE_EVENT) {
    if (history.scheduled[job]! < 0) history.scheduled[job] = at;
  } else if (type >= FIRST_END_EVENT && type <= LAST_END_EVENT) {
    // After the end of the trace: no end seen.
    if (at !== Number.POSITIVE_INFINITY) history.ended[job] = at;
  }
}

const BLOCK_JOBS = 1_000;

function* jobsOf(
  history: JobHistory,
  sizes: Sizes,
  roleBy: 'user' | 'class' | 'none',
  tally: Tally,
): Generator<Job[], void, undefined> {
  const shapes = new Shapes();
  const roles = new Interned();
  let block: Job[] = [];
  for (let index = 0; index < history.ids.length; index++) {
    const scheduled = history.scheduled[index]!;
    const ended = history.ended[index]!;
    const schedulingClass = history.classes[index]!;
    // Drawn for every job, so that a window or a changed rule gives the others the same sizes.
    const size = sizes(schedulingClass);
    if (scheduled < 0) {
      tally.leaveOut(
        ended < 0 ? 'job not scheduled by the end of the data' : 'job ended before it was scheduled',
      );
      continue;
    }
    const user = history.users[index]!;
    const role =
      roleBy === 'user'
        ? roles.of(roleName(user))
        : roleBy === 'class'
          ? `class-${schedulingClass}`
          : 'default';
    const end = ended < 0 ? history.last : ended;
    block.push(
      jobOf(history.ids[index]!, micros(history.submitted[index]!), role, user, schedulingClass, size, {
        resources: shapes.of(size.cpus, size.mem, ZERO_MILLI, ZERO_MILLI),
        duration: runTime(end - scheduled),
      }),
    );
    if (block.length >= BLOCK_JOBS) {
      yield block;
      block = [];
    }
  }
  yield block;
}

function jobOf(
  id: string,
  arrival: Micros,
  role: string,
  user: string,
  priority: number,
  size: { readonly tasks: number; readonly cpus: Milli },
  needs: { readonly resources: Job['tasks'][number]['resources']; readonly duration: Micros },
): Job {
  return {
    id,
    arrival,
    role,
    user: user === '' ? null : user,
    priority,
    gang: false,
    tasks: [{ count: size.tasks, resources: needs.resources, duration: needs.duration, constraints: [] }],
  };
}
