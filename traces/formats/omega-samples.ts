import { type Micros, micros, Rng } from '../../engine/core/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { inBatches, mergeByArrival } from '../generators/batches.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import type { ReadOptions } from '../model/read-options.ts';
import { replayWorkload } from '../model/replay.ts';
import { NOTHING } from '../model/shapes.ts';
import { Tally } from '../model/tally.ts';
import { TraceError } from '../model/trace-error.ts';
import { readWholeTable, type TableLayout } from '../text/table.ts';
import { firstLine, type TraceFormat, type TraceSource, type TraceSourceFile } from './format.ts';

const SAMPLES: TableLayout = {
  separator: 'blanks',
  columns: ['cluster', 'policy', 'workload', 'sample'],
  naming: 'positions',
  required: 4,
  strangers: 'refused',
};
const WORKLOAD = 2;
const SAMPLE = 3;

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  { name: 'hours', meaning: 'hours over which jobs arrive', fallback: '24', example: '24' },
  {
    name: 'task-cpus',
    meaning: 'cpus of every task: the samples have no sizes',
    fallback: null,
    example: '1',
  },
  {
    name: 'task-mem',
    meaning: 'memory of every task: the samples have no sizes',
    fallback: null,
    example: '2GiB',
  },
];

const KINDS = ['batch', 'service'] as const;

/** Empirical samples in the format of the Omega simulator (spec traces.md §13). */
export const omegaSamples: TraceFormat = {
  name: 'omega-samples',
  title: 'Omega simulator samples',
  describe:
    'Three files of samples (interarrival, csizes, runtimes) for workloads 0 batch and 1 service: jobs are drawn from them with the seed.',
  assumptions: ASSUMPTIONS,
  detect: (file) => /^\S+ \S+ [01] \d+(\.\d+)?$/.test(firstLine(file)),
  async open(source, options) {
    const assumptions = new Assumptions(omegaSamples.name, ASSUMPTIONS, options.assumptions);
    assumptions.require(['task-cpus', 'task-mem']);
    const horizon = micros(Math.round(assumptions.positive('hours') * MICROS_PER_HOUR));
    const resources = Resources.ofScalars({
      ...NOTHING,
      cpus: assumptions.milli('task-cpus', 10),
      mem: assumptions.mebibytes('task-mem', 1),
    });
    const samples = {
      gaps: await readSamples(source, 'interarrival', 6),
      sizes: await readSamples(source, 'csizes', 0),
      runTimes: await readSamples(source, 'runtimes', 6),
    };
    assumptions.state(
      'gap, size and run time of a job are drawn independently of each other, each sample alike often',
    );
    const workload = replayWorkload(
      {
        name: source.name,
        format: omegaSamples.name,
        assumptions: assumptions.lines,
        *read(tally) {
          const streams = KINDS.map((kind, index) =>
            drawJobs(kind, index, samples, horizon, resources, options),
          );
          for (const batch of inBatches(mergeByArrival(streams))) {
            tally.rows += batch.length;
            yield batch;
          }
        },
      },
      options,
    );
    return { workload, cluster: null };
  },
};

const MICROS_PER_HOUR = 3_600_000_000;

interface Samples {
  /** Per workload: gaps and run times in µs, sizes in tasks. */
  readonly gaps: readonly number[][];
  readonly sizes: readonly number[][];
  readonly runTimes: readonly number[][];
}

async function readSamples(source: TraceSource, part: string, decimals: number): Promise<number[][]> {
  const isPart = (file: TraceSourceFile) => file.name.includes(`${part}_`) && omegaSamples.detect(file);
  const file = source.files.find(isPart) ?? source.siblings().find(isPart);
  if (file === undefined)
    throw new TraceError(`${source.name}: no file *_${part}_*.log, expected all three sample files`);
  const scale = 10 ** decimals;
  const byWorkload: number[][] = [[], []];
  await readWholeTable(file, SAMPLES, new Tally('strict'), (row) => {
    const workload = row.count(WORKLOAD, 0, 1);
    const sample = decimals === 0 ? row.count(SAMPLE, 1, 10_000_000) : Number(row.text(SAMPLE)) * scale;
    if (!(sample >= 0 && sample <= Number.MAX_SAFE_INTEGER)) throw row.bad(SAMPLE, 'seconds, 0 or more');
    byWorkload[workload]!.push(Math.round(sample));
    return null;
  });
  return byWorkload;
}

function* drawJobs(
  kind: 'batch' | 'service',
  index: number,
  samples: Samples,
  horizon: Micros,
  resources: Resources,
  options: ReadOptions,
): Generator<Job, void, undefined> {
  const gaps = samples.gaps[index]!;
  const sizes = samples.sizes[index]!;
  const runTimes = samples.runTimes[index]!;
  // Gaps of nothing but 0 would never reach the horizon.
  if (sizes.length === 0 || runTimes.length === 0 || !gaps.some((gap) => gap > 0)) return;
  const rng = Rng.forPurpose(options.seed, `omega-samples/${kind}`);
  let at = gaps[rng.below(gaps.length)]!;
  for (let number = 0; at < horizon; number++) {
    const count = sizes[rng.below(sizes.length)]!;
    const duration = runTime(runTimes[rng.below(runTimes.length)]!);
    yield {
      id: `${kind}-${number}`,
      arrival: micros(at),
      role: kind,
      user: null,
      priority: 0,
      gang: false,
      tasks: [{ count, resources, duration, constraints: [] }],
    };
    at += gaps[rng.below(gaps.length)]!;
  }
}
