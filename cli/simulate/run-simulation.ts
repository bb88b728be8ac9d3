import { type Micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { MachineSpec, RunObserver } from '../../engine/workload/index.ts';
import type { Simulation } from '../../drivers/sim/index.ts';
import type { OpenedTrace, WorkloadReport } from '../../traces/index.ts';
import {
  type OtherTimingRun,
  type RunDescription,
  RunWriter,
  reportErrorText,
  WaitCollector,
  type WaitingRole,
  type WrittenRun,
} from '../../reports/index.ts';
import type { Progress } from '../progress.ts';
import { quotasText } from '../quota-argument.ts';
import { UsageError } from '../usage-error.ts';
import { arrivedOnly } from './arrived-jobs.ts';
import { makeSimulation, type PreparedRun, prepareRun } from './prepared-run.ts';
import { replay } from './replay.ts';
import { defaultSampleInterval, type SimulateOptions } from './simulate-options.ts';
import { waitingRoles } from './waiting-roles.ts';
import { boundHeapGrowth } from './heap-growth.ts';

export interface SimulateContext {
  readonly version: string;
  /** The command line that repeats the run. */
  readonly command: string;
  readonly makeProgress: (title: string) => Progress;
  /** Becomes true when the user wants the run to end now. */
  readonly isInterrupted: () => boolean;
}

/**
 * Reads the trace once to check and survey it, then again to replay it, and writes the result folder. Throws UsageError and TraceError
 * before anything is written; an end by the user leaves a complete result that is marked partial.
 */
export async function runSimulation(options: SimulateOptions, context: SimulateContext): Promise<WrittenRun> {
  boundHeapGrowth();
  const started = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  const run = await prepareRun(options);
  const { trace, machines, survey } = run;
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
  try {
    const played = await play(options, run, writer, context);
    const cpu = process.cpuUsage(started);
    const timing = {
      wallSeconds: Number(process.hrtime.bigint() - startedAt) / 1e9,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    };
    const report = trace.workload.report();
    const otherTiming =
      options.compareTiming && !played.interrupted ? await playOtherTiming(options, context) : null;
    const written = writer.finish({
      at: played.at,
      partial: played.interrupted,
      hash: played.hash,
      assumptions,
      skippedRows: skippedRows(report),
      waiting: played.waiting,
      otherTiming,
      timing,
    });
    if (!written.ok) throw new UsageError(reportErrorText(written.error));
    return written.value;
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

interface Played {
  readonly at: Micros;
  readonly interrupted: boolean;
  readonly hash: string;
  readonly waiting: readonly WaitingRole[];
}

/** Runs the simulation to its end, or to where the user ends it. */
async function play(
  options: SimulateOptions,
  run: PreparedRun,
  observer: RunObserver,
  context: SimulateContext,
): Promise<Played> {
  const progress = context.makeProgress(
    options.compareTiming ? `${options.trace}, timing ${options.timing}` : options.trace,
  );
  try {
    const simulation: Simulation = makeSimulation(options, run, {
      sampleInterval: options.sampleInterval ?? defaultSampleInterval(run.end),
      observer: arrivedOnly(observer, () => simulation.now()),
      checkInvariants: options.check ? 'every-step' : 'end',
    });
    const interrupted = await replay(simulation, run.trace, options.until, (instant, events) => {
      progress.update(instant, run.end, events);
      return context.isInterrupted();
    });
    const at = simulation.now();
    const waiting = waitingRoles(simulation, run.survey.roles, options.frameworksPerRole);
    simulation.finish();
    return { at, interrupted, hash: simulation.hash(), waiting };
  } finally {
    progress.stop();
  }
}

/** The same run under the other timing. The trace is read once more; nothing is written. */
async function playOtherTiming(options: SimulateOptions, context: SimulateContext): Promise<OtherTimingRun> {
  const other: SimulateOptions = { ...options, timing: options.timing === 'event' ? 'mesos' : 'event' };
  const waits = new WaitCollector();
  const { at, hash, interrupted } = await play(other, await prepareRun(other), waits, context);
  return {
    ownTiming: options.timing,
    timing: other.timing,
    hash,
    partial: interrupted,
    endSeconds: at / MICROS_PER_SECOND,
    waits,
  };
}

/** What is to be said of the machines: the trace's own assumptions, or that --cluster takes their place. */
function clusterLines(options: SimulateOptions, trace: OpenedTrace): readonly string[] {
  const own = trace.cluster;
  if (own === null) return [];
  if (options.machines === null) return own.assumptions;
  const events = own.events.length === 0 ? '' : ' and their coming and going';
  return [`the machines of --cluster take the place of the trace's own, ${own.name}${events}`];
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
      allocator: options.allocator,
      timing: options.timing,
      'role sorter': options.roleSorter,
      'framework sorter': options.frameworkSorter,
      policy: options.policy,
      'refuse seconds': options.refuseSeconds,
      'offer timeout':
        options.offerTimeout === null ? 'off' : `${options.offerTimeout / MICROS_PER_SECOND} s`,
      remainders: options.remaindersAtOnce ? 'offered at once' : 'offered at the next batch',
      'frameworks per role': options.frameworksPerRole,
      attempts: options.attempts,
      backfill: options.backfill,
      weights: options.weights.map(({ role, weight }) => `${role}=${weight}`).join(', ') || '1 each',
      quotas: quotasText(options.quotas),
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
