import { MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { MachineSpec } from '../../engine/workload/index.ts';
import type { Simulation } from '../../drivers/sim/index.ts';
import type { OpenedTrace, WorkloadReport } from '../../traces/index.ts';
import { type RunDescription, RunWriter, reportErrorText, type WrittenRun } from '../../reports/index.ts';
import type { Progress } from '../progress.ts';
import { quotasText } from '../quota-argument.ts';
import { UsageError } from '../usage-error.ts';
import { arrivedOnly } from './arrived-jobs.ts';
import { makeSimulation, prepareRun } from './prepared-run.ts';
import { replay } from './replay.ts';
import { defaultSampleInterval, type SimulateOptions } from './simulate-options.ts';
import { waitingRoles } from './waiting-roles.ts';

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
  const started = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  const run = await prepareRun(options);
  const { trace, machines, survey, end } = run;
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
    const simulation: Simulation = makeSimulation(options, run, {
      sampleInterval: options.sampleInterval ?? defaultSampleInterval(end),
      observer: arrivedOnly(writer, () => simulation.now()),
      checkInvariants: options.check ? 'every-step' : 'end',
    });
    const interrupted = await replay(simulation, trace, options.until, (instant, events) => {
      progress.update(instant, end, events);
      return context.isInterrupted();
    });
    const at = simulation.now();
    const waiting = waitingRoles(simulation, survey.roles, options.frameworksPerRole);
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
      waiting,
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
