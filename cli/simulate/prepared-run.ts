import { micros, type Micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { QuotaConfig } from '../../engine/protocol/index.ts';
import type { AllocatorFactory } from '../../engine/master/index.ts';
import type { Job, MachineEvent, MachineSpec } from '../../engine/workload/index.ts';
import {
  DEFAULT_SIMULATION_OPTIONS,
  Placeability,
  Simulation,
  type SimulationOptions,
} from '../../drivers/sim/index.ts';
import { type OpenedTrace, openTrace } from '../../traces/index.ts';
import { loadAllocator } from '../allocator-argument.ts';
import { checkQuotas } from '../quota-argument.ts';
import { UsageError } from '../usage-error.ts';
import type { SimulateOptions } from './simulate-options.ts';

/** What is known of the workload before the run: a first reading, which also finds bad rows before anything is written. */
export interface Survey {
  readonly firstArrival: Micros;
  readonly lastArrival: Micros;
  readonly jobs: number;
  readonly fractionalGpus: boolean;
  /** Of every job, by name: their frameworks subscribe before the first job comes. */
  readonly roles: readonly string[];
  /** Jobs that can never run: a task that fits no machine or its role's limit, or a gang that does not fit at once. */
  readonly unplaceable: number;
  readonly firstUnplaceable: Job | null;
  /** The quota whose limit that job exceeds; null if that is not why. */
  readonly firstLimit: QuotaConfig | null;
}

/** A run that can begin: its policy is loaded, its trace is open and was read once, and the options make sense for it. */
export interface PreparedRun {
  readonly allocator: AllocatorFactory;
  readonly trace: OpenedTrace;
  readonly machines: readonly MachineSpec[];
  readonly events: readonly MachineEvent[];
  readonly survey: Survey;
  /** Where the run is expected to end. */
  readonly end: Micros;
}

/**
 * Reads the trace once to check and survey it. Throws UsageError and TraceError.
 *
 * @param untilOption the option that `until` comes from
 */
export async function prepareRun(options: SimulateOptions, untilOption = '--until'): Promise<PreparedRun> {
  const allocator = await loadAllocator(options.allocator, options.check);
  const trace = await openTrace(options.trace, options.read);
  const { machines, events } = clusterOf(options, trace);
  const survey = await surveyOf(trace, machines, options.quotas);
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
      `${untilOption} ${options.until / MICROS_PER_SECOND}s: the first job arrives only after ${first} s`,
    );
  }
  const end = options.until ?? survey.lastArrival;
  for (const { role } of options.weights) {
    if (!survey.roles.includes(role)) {
      throw new UsageError(`--weight ${role}: no job has this role; there are ${survey.roles.join(', ')}`);
    }
  }
  checkQuotas(options.quotas, machines, survey.roles, options.forceQuota);
  return { allocator, trace, machines, events, survey, end };
}

/** The simulation of the run, at its first instant. */
export function makeSimulation(
  options: SimulateOptions,
  { allocator, machines, events, survey }: PreparedRun,
  watch: Pick<SimulationOptions, 'sampleInterval' | 'observer' | 'checkInvariants'>,
): Simulation {
  const weights = new Map(options.weights.map(({ role, weight }) => [role, weight]));
  return new Simulation({
    ...DEFAULT_SIMULATION_OPTIONS,
    seed: options.seed,
    machines,
    machineEvents: events,
    allocator,
    allocatorOptions: {
      ...DEFAULT_SIMULATION_OPTIONS.allocatorOptions,
      timing: options.timing,
      roleSorter: options.roleSorter,
      frameworkSorter: options.frameworkSorter,
    },
    faults: options.faults,
    quotas: options.quotas,
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
      remaindersAtOnce: options.remaindersAtOnce,
    },
    ...watch,
  });
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

async function surveyOf(
  trace: OpenedTrace,
  machines: readonly MachineSpec[],
  quotas: readonly QuotaConfig[],
): Promise<Survey> {
  const placeability = new Placeability(machines, quotas);
  let firstArrival: Micros | null = null;
  let lastArrival = micros(0);
  let jobs = 0;
  let fractionalGpus = false;
  const roles = new Set<string>();
  let unplaceable = 0;
  let firstUnplaceable: Job | null = null;
  let firstLimit: QuotaConfig | null = null;
  for await (const batch of trace.workload.batches()) {
    jobs += batch.length;
    for (const job of batch) {
      firstArrival ??= job.arrival;
      lastArrival = job.arrival;
      roles.add(job.role);
      fractionalGpus ||= job.tasks.some(({ resources }) => resources.gpus % 1_000 !== 0);
      if (placeability.accepts(job)) continue;
      unplaceable++;
      if (firstUnplaceable !== null) continue;
      firstUnplaceable = job;
      firstLimit = placeability.limitBelow(job);
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
    firstLimit,
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
  const { firstLimit } = survey;
  const few =
    firstLimit === null
      ? 'Give a larger --cluster'
      : `The limit of its role is ${firstLimit.limits.toString()}. Give a larger --quota`;
  return (
    `--trace ${options.trace}: the cluster of ${machines.length} machines can never run ${survey.unplaceable} of ${survey.jobs} jobs. ` +
    `The first is ${job.id}, which needs ${needs}${together}. ` +
    `${few}, or --skip-bad-rows to refuse such jobs and count them.`
  );
}
