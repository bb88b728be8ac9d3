import { micros, type Micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { Job, MachineEvent, MachineSpec } from '../../engine/workload/index.ts';
import { hierarchicalDrf } from '../../allocators/hierarchical-drf/index.ts';
import { DEFAULT_SIMULATION_OPTIONS, Placeability, Simulation } from '../../drivers/sim/index.ts';
import { type OpenedTrace, openTrace, type WorkloadReport } from '../../traces/index.ts';
import { type RunDescription, RunWriter, reportErrorText, type WrittenRun } from '../../reports/index.ts';
import type { Progress } from '../progress.ts';
import { UsageError } from '../usage-error.ts';
import { arrivedOnly } from './arrived-jobs.ts';
import { defaultSampleInterval, type SimulateOptions } from './simulate-options.ts';

/** Events between two looks at the clock and the keyboard. */
const EVENTS_PER_SLICE = 100_000;

export interface SimulateContext {
  readonly version: string;
  /** The command line that repeats the run. */
  readonly command: string;
  readonly makeProgress: (title: string) => Progress;
  /** Becomes true when the user wants the run to end now. */
  readonly isInterrupted: () => boolean;
}

/** What is known of the workload before the run: a first reading, which also finds bad rows before anything is written. */
interface Survey {
  readonly firstArrival: Micros;
  readonly lastArrival: Micros;
  readonly jobs: number;
  readonly fractionalGpus: boolean;
  /** Of every job, by name: their frameworks subscribe before the first job comes. */
  readonly roles: readonly string[];
  /** Jobs that the cluster can never run: a task that fits no machine, or a gang that does not fit at once. */
  readonly unplaceable: number;
  readonly firstUnplaceable: Job | null;
}

/**
 * Reads the trace once to check and survey it, then again to replay it, and writes the result folder. Throws UsageError and TraceError
 * before anything is written; an end by the user leaves a complete result that is marked partial.
 */
export async function runSimulation(options: SimulateOptions, context: SimulateContext): Promise<WrittenRun> {
  const started = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  const trace = await openTrace(options.trace, options.read);
  const { machines, events } = clusterOf(options, trace);
  const survey = await surveyOf(trace, machines);
  if (survey.jobs === 0) {
    throw new UsageError(
      `--trace ${options.trace}: no job is left to replay; check --from, --window, --max-jobs and the rows left out`,
    );
  }
  if (survey.firstUnplaceable !== null && options.read.strictness === 'strict') {
    throw new UsageError(unplaceableText(options, survey, survey.firstUnplaceable, machines));
  }
  if (options.until !== null && options.until <= survey.firstArrival) {
    const first = survey.firstArrival / MICROS_PER_SECOND;
    throw new UsageError(
      `--until ${options.until / MICROS_PER_SECOND}s: the first job arrives only after ${first} s`,
    );
  }
  const end = options.until ?? survey.lastArrival;
  const weights = new Map(options.weights.map(({ role, weight }) => [role, weight]));
  for (const role of weights.keys()) {
    if (!survey.roles.includes(role)) {
      throw new UsageError(`--weight ${role}: no job has this role; there are ${survey.roles.join(', ')}`);
    }
  }
  const assumptions = [
    ...trace.workload.assumptions,
    ...clusterLines(options, trace),
    ...(survey.fractionalGpus
      ? ['gpus are divisible in thousandths, as a scalar of the machine: devices are not told apart']
      : []),
    ...(survey.unplaceable > 0
      ? [`${survey.unplaceable} jobs that the cluster can never run are refused, as --skip-bad-rows asks`]
      : []),
    'a task runs for its recorded time wherever it runs, and its failures in the trace are not replayed',
  ];
  const opened = RunWriter.open(
    { folder: options.out, force: options.force, tasks: options.taskTable },
    describe(options, context, trace, machines),
  );
  if (!opened.ok) throw new UsageError(reportErrorText(opened.error));
  const writer = opened.value;
  const progress = context.makeProgress(options.trace);
  try {
    const simulation: Simulation = new Simulation({
      ...DEFAULT_SIMULATION_OPTIONS,
      seed: options.seed,
      machines,
      machineEvents: events,
      allocator: hierarchicalDrf,
      faults: options.faults,
      frameworks: {
        perRole: options.frameworksPerRole,
        roles: survey.roles.map((role) => ({ role, weight: weights.get(role) ?? 1 })),
        workload: {
          ...DEFAULT_SIMULATION_OPTIONS.frameworks.workload,
          policy: options.policy,
          refuseSeconds: options.refuseSeconds,
          maxAttempts: options.attempts,
          backfillLookAhead: options.backfill,
        },
      },
      master: {
        ...DEFAULT_SIMULATION_OPTIONS.master,
        fractionalGpus: survey.fractionalGpus,
        offerTimeout: options.offerTimeout,
      },
      sampleInterval: options.sampleInterval ?? defaultSampleInterval(end),
      observer: arrivedOnly(writer, () => simulation.now()),
      checkInvariants: options.check ? 'every-step' : 'end',
    });
    const interrupted = await replay(simulation, trace, options.until, end, progress, context);
    const at = simulation.now();
    simulation.finish();
    progress.stop();
    const cpu = process.cpuUsage(started);
    const report = trace.workload.report();
    const written = writer.finish({
      at,
      partial: interrupted,
      hash: simulation.hash(),
      assumptions,
      skippedRows: skippedRows(report),
      timing: {
        wallSeconds: Number(process.hrtime.bigint() - startedAt) / 1e9,
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        peakRssBytes: process.resourceUsage().maxRSS * 1_024,
      },
    });
    if (!written.ok) throw new UsageError(reportErrorText(written.error));
    return written.value;
  } catch (error) {
    progress.stop();
    writer.abandon();
    throw error;
  }
}

/** Feeds the jobs as time goes and runs to the end; true if the user ended it. */
async function replay(
  simulation: Simulation,
  trace: OpenedTrace,
  until: Micros | null,
  expectedEnd: Micros,
  progress: Progress,
  context: SimulateContext,
): Promise<boolean> {
  const advance = async (to: Micros): Promise<'running' | 'finished' | 'interrupted'> => {
    for (;;) {
      const before = simulation.events();
      const state = simulation.runUntil(to, EVENTS_PER_SLICE);
      progress.update(simulation.now(), expectedEnd, simulation.events());
      // Lets signals and output through.
      await new Promise((resume) => setImmediate(resume));
      if (context.isInterrupted()) return 'interrupted';
      if (state === 'finished' || simulation.events() - before < EVENTS_PER_SLICE) return state;
    }
  };
  for await (const batch of trace.workload.batches()) {
    const due = until === null ? batch : batch.filter((job) => job.arrival < until);
    simulation.feed(due);
    const horizon = due[due.length - 1]?.arrival ?? null;
    if (horizon !== null && (await advance(horizon)) === 'interrupted') return true;
    if (due.length < batch.length) break;
  }
  simulation.endOfWorkload();
  return (await advance(until ?? micros(Number.MAX_SAFE_INTEGER))) === 'interrupted';
}

function clusterOf(
  options: SimulateOptions,
  trace: OpenedTrace,
): { readonly machines: readonly MachineSpec[]; readonly events: readonly MachineEvent[] } {
  if (options.machines !== null) return { machines: options.machines, events: [] };
  if (trace.cluster === null) {
    throw new UsageError(
      `--trace ${options.trace}: the trace names no machines; give them, such as --cluster "100xcpus:16;mem:65536"`,
    );
  }
  return trace.cluster;
}

/** What is to be said of the machines: the trace's own assumptions, or that --cluster takes their place. */
function clusterLines(options: SimulateOptions, trace: OpenedTrace): readonly string[] {
  const own = trace.cluster;
  if (own === null) return [];
  if (options.machines === null) return own.assumptions;
  const events = own.events.length === 0 ? '' : ' and their coming and going';
  return [`the machines of --cluster take the place of the trace's own, ${own.name}${events}`];
}

async function surveyOf(trace: OpenedTrace, machines: readonly MachineSpec[]): Promise<Survey> {
  const placeability = new Placeability(machines);
  let firstArrival: Micros | null = null;
  let lastArrival = micros(0);
  let jobs = 0;
  let fractionalGpus = false;
  const roles = new Set<string>();
  let unplaceable = 0;
  let firstUnplaceable: Job | null = null;
  for await (const batch of trace.workload.batches()) {
    jobs += batch.length;
    for (const job of batch) {
      firstArrival ??= job.arrival;
      lastArrival = job.arrival;
      roles.add(job.role);
      fractionalGpus ||= job.tasks.some(({ resources }) => resources.gpus % 1_000 !== 0);
      if (placeability.accepts(job)) continue;
      unplaceable++;
      firstUnplaceable ??= job;
    }
  }
  return {
    firstArrival: firstArrival ?? micros(0),
    lastArrival: micros(Math.max(lastArrival, MICROS_PER_SECOND)),
    jobs,
    fractionalGpus,
    roles: [...roles].sort((a, b) => (a < b ? -1 : 1)),
    unplaceable,
    firstUnplaceable,
  };
}

function describe(
  options: SimulateOptions,
  context: SimulateContext,
  trace: OpenedTrace,
  machines: readonly MachineSpec[],
): RunDescription {
  return {
    name: trace.workload.name,
    version: context.version,
    command: context.command,
    seed: options.seed,
    options: {
      cluster: options.clusterText ?? trace.cluster?.name ?? '',
      allocator: 'hierarchical-drf',
      policy: options.policy,
      'refuse seconds': options.refuseSeconds,
      'offer timeout':
        options.offerTimeout === null ? 'off' : `${options.offerTimeout / MICROS_PER_SECOND} s`,
      'frameworks per role': options.frameworksPerRole,
      attempts: options.attempts,
      backfill: options.backfill,
      weights: options.weights.map(({ role, weight }) => `${role}=${weight}`).join(', ') || '1 each',
      faults: options.faultsText,
      until: options.until === null ? 'the end' : `${options.until / MICROS_PER_SECOND} s`,
      'bad rows': options.read.strictness === 'strict' ? 'refused' : 'left out',
    },
    trace: { name: options.trace, format: trace.workload.format, files: [] },
    machines: machines.map(({ name, resources }) => ({
      name,
      cpus: resources.cpus,
      mem: resources.mem,
      gpus: resources.gpus,
      disk: resources.disk,
    })),
  };
}

function skippedRows(report: WorkloadReport) {
  return {
    count: report.skippedRows,
    reasons: report.skippedReasons,
    firstBadRow: report.firstBadRow,
  };
}

function unplaceableText(
  options: SimulateOptions,
  survey: Survey,
  job: Job,
  machines: readonly MachineSpec[],
): string {
  const needs = job.tasks
    .map(({ count, resources, constraints }) => {
      const where = constraints.map(
        ({ attribute, operator, values }) => ` ${attribute} ${operator} ${values.join('|')}`,
      );
      return `${count} x ${resources.toString()}${where.join('')}`;
    })
    .join(' + ');
  const together = job.gang ? ' all at once' : '';
  return (
    `--trace ${options.trace}: the cluster of ${machines.length} machines can never run ${survey.unplaceable} of ${survey.jobs} jobs. ` +
    `The first is ${job.id}, which needs ${needs}${together}. ` +
    'Give a larger --cluster, or --skip-bad-rows to refuse such jobs and count them.'
  );
}
