import type { Micros } from '../../engine/core/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import { replayWorkload } from '../model/replay.ts';
import { roleName } from '../model/role-name.ts';
import { Shapes } from '../model/shapes.ts';
import { TraceError } from '../model/trace-error.ts';
import { Interned, owned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readTable, type TableLayout } from '../text/table.ts';
import { hasHeader, type TraceFormat, type TraceSource, type TraceSourceFile } from './format.ts';
import { GPU_ASSUMPTIONS, type GpuModel, gangTasks, gpuFleet, gpuModel } from './gpu-gang.ts';

const JOBS: TableLayout = {
  separator: ',',
  columns: ['job_id', 'num_gpu', 'submit_time', 'duration', 'model_name'],
  naming: 'header',
  required: 4,
  strangers: 'ignored',
};
const JOB_ID = 0;
const NUM_GPU = 1;
const SUBMIT_TIME = 2;
const DURATION = 3;
const MODEL_NAME = 4;

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  ...GPU_ASSUMPTIONS,
  {
    name: 'machines',
    meaning: 'number of machines; the paper has 8',
    fallback: '8',
    example: '8',
  },
  {
    name: 'list',
    meaning: 'job list to replay, where a folder holds several: its name without .csv',
    fallback: 'trace1',
    example: 'trace3',
  },
  {
    name: 'role-by',
    meaning: 'role of a job: none for one role "default" (a list is one virtual cluster), or its model',
    fallback: 'none',
    example: 'model',
  },
];

/** Job lists of Muri, SIGCOMM 2022 (traces/samples/muri-philly-64gpu/README.md). */
export const muri: TraceFormat = {
  name: 'muri',
  title: 'Muri deep-learning job lists',
  describe: 'One row per job: GPUs, submission and duration in milliseconds. Every job is a gang.',
  assumptions: ASSUMPTIONS,
  detect: (file) => hasHeader(file, ['job_id', 'num_gpu', 'submit_time', 'iterations', 'duration']),
  async open(source, options) {
    const assumptions = new Assumptions(muri.name, ASSUMPTIONS, options.assumptions);
    const file = jobList(source, assumptions);
    const model = gpuModel(assumptions);
    const count = assumptions.count('machines', 1, 10_000_000);
    const byModel = assumptions.choice('role-by', ['none', 'model']) === 'model';
    assumptions.state('all tasks of a job start together or none; the priority column is not used');
    const workload = replayWorkload(
      {
        name: source.name,
        format: muri.name,
        assumptions: assumptions.lines,
        read: (tally) => readTable(file, JOBS, tally, jobReader(model, byModel)),
      },
      options,
    );
    return {
      workload,
      cluster: {
        name: `${count} machines of ${model.gpusPerMachine} GPUs`,
        machines: gpuFleet(count, model),
        events: [],
        assumptions: [`the list has no machines: ${count} equal ones; none of them fails`],
      },
    };
  },
};

function jobList(source: TraceSource, assumptions: Assumptions): TraceSourceFile {
  const lists = source.files.filter((file) => muri.detect(file));
  if (lists.length === 1) return lists[0]!;
  const wanted = `${assumptions.text('list')}.csv`;
  const chosen = lists.find((file) => file.name === wanted);
  if (chosen !== undefined) return chosen;
  throw new TraceError(
    `${source.name}: no job list ${wanted}, expected --assume list=<name without .csv> of: ${lists.map((file) => file.name).join(', ')}`,
  );
}

function jobReader(model: GpuModel, byModel: boolean): (row: Row) => Job {
  const shapes = new Shapes();
  const roles = new Interned();
  let previous = 0 as Micros;
  return (row) => {
    const arrival = row.milliseconds(SUBMIT_TIME);
    if (arrival < previous)
      throw row.bad(SUBMIT_TIME, `rows in order of submission, ${previous / 1_000} or later`);
    const gpus = row.count(NUM_GPU, 1, 100_000);
    const duration = runTime(row.milliseconds(DURATION));
    const id = owned(row.nonEmpty(JOB_ID));
    const role = byModel ? roles.of(roleName(row.text(MODEL_NAME))) : 'default';
    previous = arrival;
    return {
      id,
      arrival,
      role,
      user: null,
      priority: 0,
      gang: true,
      tasks: gangTasks(gpus, duration, model, shapes),
    };
  };
}
