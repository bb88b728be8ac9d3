import { MICROS_PER_SECOND, micros } from '../../engine/core/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import { replayWorkload } from '../model/replay.ts';
import { roleName } from '../model/role-name.ts';
import { Shapes } from '../model/shapes.ts';
import { Tally } from '../model/tally.ts';
import type { Cluster } from '../model/workload.ts';
import { Interned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readTable, readWholeTable, type TableLayout } from '../text/table.ts';
import { parseWallClock } from '../text/wall-clock.ts';
import { companion, hasHeader, type TraceFormat, type TraceSource } from './format.ts';
import { GPU_ASSUMPTIONS, type GpuModel, gangTasks, gpuFleet, gpuModel } from './gpu-gang.ts';

const JOBS: TableLayout = {
  separator: ',',
  columns: ['timestamp', 'duration', 'num_gpus', 'gpu_time', 'cluster'],
  naming: 'header',
  required: 5,
  strangers: 'ignored',
};
const TIMESTAMP = 0;
const DURATION = 1;
const NUM_GPUS = 2;
const GPU_TIME = 3;
const CLUSTER = 4;

const VC_NODES: TableLayout = {
  separator: ',',
  columns: ['vc', 'node num'],
  naming: 'header',
  required: 2,
  strangers: 'ignored',
};

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  ...GPU_ASSUMPTIONS,
  {
    name: 'machines',
    meaning: 'number of machines, or vc-nodes: the sum of philly_vc_nodes.csv beside the trace',
    fallback: 'vc-nodes',
    example: '352',
  },
];

/** What a row says, until the rows are in order. */
interface Submission {
  /** Seconds since 1970, wall clock. */
  readonly submitted: number;
  readonly duration: number;
  readonly gpus: number;
  readonly role: string;
  readonly line: number;
}

/** Philly, Microsoft 2017, in the reduced five-column form (traces/samples/philly-2017/README.md). */
export const philly: TraceFormat = {
  name: 'philly-2017',
  title: 'Microsoft Philly GPU training jobs, 2017',
  describe:
    'Five columns: submission, duration, GPUs, GPU time, virtual cluster. Rows are sorted by submission, then order in the file; ' +
    'every job is a gang and its virtual cluster the role.',
  assumptions: ASSUMPTIONS,
  detect: (file) => hasHeader(file, JOBS.columns),
  async open(source, options) {
    const assumptions = new Assumptions(philly.name, ASSUMPTIONS, options.assumptions);
    const file = source.files.find((candidate) => philly.detect(candidate))!;
    const model = gpuModel(assumptions);
    const cluster = await readCluster(source, assumptions, model);
    assumptions.state(
      'all tasks of a job start together or none; a job is one task per machine that it needs',
    );
    assumptions.state('submission times are read as a clock without daylight saving; the first one is 0');
    const workload = replayWorkload(
      {
        name: source.name,
        format: philly.name,
        assumptions: assumptions.lines,
        async *read(tally) {
          const roles = new Interned();
          const rows: Submission[] = [];
          for await (const block of readTable(file, JOBS, tally, (row) => readSubmission(row, roles))) {
            for (const submission of block) rows.push(submission);
          }
          // Array.sort is stable: equal submissions stay in the order of the file.
          rows.sort((left, right) => left.submitted - right.submitted);
          yield* jobsOf(rows, model);
        },
      },
      options,
    );
    return { workload, cluster };
  },
};

const BLOCK_JOBS = 1_000;

function* jobsOf(rows: readonly Submission[], model: GpuModel): Generator<Job[], void, undefined> {
  const shapes = new Shapes();
  const first = rows[0]?.submitted ?? 0;
  for (let from = 0; from < rows.length; from += BLOCK_JOBS) {
    yield rows.slice(from, from + BLOCK_JOBS).map((row) => ({
      id: `philly-${row.line - 1}`,
      arrival: micros((row.submitted - first) * MICROS_PER_SECOND),
      role: row.role,
      user: null,
      priority: 0,
      gang: true,
      tasks: gangTasks(row.gpus, runTime(row.duration), model, shapes),
    }));
  }
}

function readSubmission(row: Row, roles: Interned): Submission {
  const submitted = parseWallClock(row.text(TIMESTAMP));
  if (Number.isNaN(submitted)) throw row.bad(TIMESTAMP, 'YYYY-MM-DD HH:MM:SS');
  const duration = row.seconds(DURATION);
  const gpus = row.count(NUM_GPUS, 1, 100_000);
  const gpuTime = row.seconds(GPU_TIME);
  if (gpuTime !== duration * gpus) {
    throw row.bad(GPU_TIME, `duration × num_gpus, ${(duration * gpus) / MICROS_PER_SECOND}`);
  }
  const role = roles.of(roleName(row.nonEmpty(CLUSTER)));
  return { submitted, duration, gpus, role, line: row.line };
}

async function readCluster(
  source: TraceSource,
  assumptions: Assumptions,
  model: GpuModel,
): Promise<Cluster | null> {
  const wanted = assumptions.text('machines');
  let count: number;
  let origin: string;
  if (wanted === 'vc-nodes') {
    const nodes = companion(source, (file) => hasHeader(file, VC_NODES.columns));
    if (nodes === null) return null;
    const counts = await readWholeTable(nodes, VC_NODES, new Tally('strict'), (row) =>
      row.count(1, 0, 1_000_000),
    );
    count = counts.reduce((sum, machines) => sum + machines, 0);
    origin = `the sum over virtual clusters of ${nodes.name}`;
  } else {
    count = assumptions.count('machines', 1, 10_000_000);
    origin = 'as given';
  }
  return {
    name: `${count} machines of ${model.gpusPerMachine} GPUs`,
    machines: gpuFleet(count, model),
    events: [],
    assumptions: [`the trace has no machine list: ${count} equal machines, ${origin}; none of them fails`],
  };
}
