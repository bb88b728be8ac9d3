import { MICROS_PER_SECOND, type Micros, micros } from '../../engine/core/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Job, JobTasks } from '../../engine/workload/index.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import { uniformFleet } from '../model/fleet.ts';
import { replayWorkload } from '../model/replay.ts';
import { NOTHING } from '../model/shapes.ts';
import { TraceError } from '../model/trace-error.ts';
import type { Cluster } from '../model/workload.ts';
import { owned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readTable, type TableLayout } from '../text/table.ts';
import { firstLine, type TraceFormat, type TraceSource, type TraceSourceFile } from './format.ts';

const JOBS: TableLayout = {
  separator: '\t',
  columns: [
    'job name',
    'submit time',
    'gap',
    'map input bytes',
    'shuffle bytes',
    'reduce output bytes',
    'input path',
  ],
  naming: 'positions',
  required: 6,
  strangers: 'refused',
};
const JOB_NAME = 0;
const SUBMIT_TIME = 1;
const GAP = 2;
const INPUT = 3;
const SHUFFLE = 4;
const OUTPUT = 5;

const MEBIBYTE = 1_048_576;

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  {
    name: 'map-rate',
    meaning: 'MiB of input that a map task works through per second',
    fallback: null,
    example: '10',
  },
  {
    name: 'reduce-rate',
    meaning: 'MiB of shuffle and output together that a reduce task works through per second',
    fallback: null,
    example: '10',
  },
  { name: 'map-split', meaning: 'input of one map task', fallback: '128MiB', example: '128MiB' },
  { name: 'reduce-split', meaning: 'shuffle data of one reduce task', fallback: '1GiB', example: '1GiB' },
  {
    name: 'task-overhead',
    meaning: 'seconds that every task takes beside its data',
    fallback: '1',
    example: '1',
  },
  { name: 'task-cpus', meaning: 'cpus of every task', fallback: '1', example: '1' },
  { name: 'task-mem', meaning: 'memory of every task', fallback: '1GiB', example: '1GiB' },
  {
    name: 'machines',
    meaning: 'number of machines; without it the trace has no cluster',
    fallback: null,
    example: '600',
  },
  { name: 'machine-cpus', meaning: 'cpus of every machine', fallback: '8', example: '8' },
  { name: 'machine-mem', meaning: 'memory of every machine', fallback: '16GiB', example: '16GiB' },
];

/** SWIM job lists, Facebook 2009 and 2010 (traces/samples/swim-facebook/README.md). */
export const swim: TraceFormat = {
  name: 'swim',
  title: 'SWIM Hadoop job lists',
  describe:
    'Six or seven tab-separated fields without header: submission and bytes, no tasks and no run times, so a task model is required.',
  assumptions: ASSUMPTIONS,
  detect: (file) => /^[^\t]+(\t\d+){5}(\t.*)?$/.test(firstLine(file)),
  async open(source, options) {
    const assumptions = new Assumptions(swim.name, ASSUMPTIONS, options.assumptions);
    const file = jobList(source);
    assumptions.require(['map-rate', 'reduce-rate']);
    const model = taskModel(assumptions);
    assumptions.state(
      'map and reduce tasks of a job are independent and start as soon as they fit: no stages, no gangs',
    );
    assumptions.state('the output of a job without shuffle data costs nothing');
    assumptions.state('one role "default": the trace has no tenants; gaps (field 3) are checked, not used');
    const cluster = readCluster(assumptions);
    const workload = replayWorkload(
      {
        name: source.name,
        format: swim.name,
        assumptions: assumptions.lines,
        read: (tally) => readTable(file, JOBS, tally, jobReader(model)),
      },
      options,
    );
    return { workload, cluster };
  },
};

interface TaskModel {
  /** Bytes per second. */
  readonly mapRate: number;
  readonly reduceRate: number;
  /** Bytes. */
  readonly mapSplit: number;
  readonly reduceSplit: number;
  readonly overhead: Micros;
  readonly resources: Resources;
}

function jobList(source: TraceSource): TraceSourceFile {
  const lists = source.files.filter((file) => swim.detect(file));
  if (lists.length === 1) return lists[0]!;
  throw new TraceError(
    `${source.name}: ${lists.length} job lists, expected one; name the file: ${lists.map((file) => file.shown).join(', ')}`,
  );
}

function taskModel(assumptions: Assumptions): TaskModel {
  return {
    mapRate: assumptions.positive('map-rate') * MEBIBYTE,
    reduceRate: assumptions.positive('reduce-rate') * MEBIBYTE,
    mapSplit: Math.max(1, Math.round((assumptions.mebibytes('map-split') / 1_000) * MEBIBYTE)),
    reduceSplit: Math.max(1, Math.round((assumptions.mebibytes('reduce-split') / 1_000) * MEBIBYTE)),
    overhead: assumptions.seconds('task-overhead'),
    resources: Resources.ofScalars({
      ...NOTHING,
      cpus: assumptions.milli('task-cpus', 10),
      mem: assumptions.mebibytes('task-mem', 1),
    }),
  };
}

function jobReader(model: TaskModel): (row: Row) => Job {
  let previous = 0;
  return (row) => {
    const arrival = row.seconds(SUBMIT_TIME);
    if (arrival < previous) {
      throw row.bad(SUBMIT_TIME, `rows in order of submission, ${previous / MICROS_PER_SECOND} or later`);
    }
    row.seconds(GAP);
    const input = row.count(INPUT, 0);
    const shuffle = row.count(SHUFFLE, 0);
    const output = row.count(OUTPUT, 0);
    const id = owned(row.nonEmpty(JOB_NAME));
    previous = arrival;
    const maps = Math.max(1, Math.ceil(input / model.mapSplit));
    const tasks = splitTasks(input, maps, model.mapSplit, model.mapRate, model);
    if (shuffle > 0) {
      const reduces = Math.ceil(shuffle / model.reduceSplit);
      const seconds = (shuffle + output) / reduces / model.reduceRate;
      tasks.push(group(reduces, seconds, model));
    }
    return { id, arrival, role: 'default', user: null, priority: 0, gang: false, tasks };
  };
}

/** Full splits, and one task for what is left. */
function splitTasks(bytes: number, count: number, split: number, rate: number, model: TaskModel): JobTasks[] {
  const rest = bytes - (count - 1) * split;
  if (count === 1 || rest === split) return [group(count, Math.min(bytes, split) / rate, model)];
  return [group(count - 1, split / rate, model), group(1, rest / rate, model)];
}

function group(count: number, seconds: number, model: TaskModel): JobTasks {
  const duration = runTime(micros(Math.round(seconds * MICROS_PER_SECOND)) + model.overhead);
  return { count, resources: model.resources, duration, constraints: [] };
}

function readCluster(assumptions: Assumptions): Cluster | null {
  if (!assumptions.has('machines')) return null;
  const count = assumptions.count('machines', 1, 10_000_000);
  const shape = {
    ...NOTHING,
    cpus: assumptions.milli('machine-cpus', 10),
    mem: assumptions.mebibytes('machine-mem', 1),
  };
  return {
    name: `${count} machines`,
    machines: uniformFleet(count, shape),
    events: [],
    assumptions: [`machines: ${count} equal ones, as given; none of them fails`],
  };
}
