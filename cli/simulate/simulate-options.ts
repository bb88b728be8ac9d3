import { resolve } from 'node:path';
import { type Micros, MICROS_PER_SECOND, micros, secondsToMicros } from '../../engine/core/index.ts';
import {
  type AllocationTiming,
  quotaErrorText,
  type SorterKind,
  validateWeight,
} from '../../engine/master/index.ts';
import type { QuotaConfig } from '../../engine/protocol/index.ts';
import type { MachineSpec } from '../../engine/workload/index.ts';
import type { FaultOptions } from '../../drivers/sim/index.ts';
import type { OfferPolicy } from '../../frameworks/workload/index.ts';
import { DEFAULT_READ_OPTIONS, type ReadOptions } from '../../traces/index.ts';
import { checkAllocatorName } from '../allocator-argument.ts';
import { parseCluster } from '../cluster-argument.ts';
import { parseFaults } from '../faults-argument.ts';
import { parseCount, parseDuration, parseNumber, parsePairs } from '../quantity-arguments.ts';
import { parseQuotas } from '../quota-argument.ts';
import { UsageError } from '../usage-error.ts';

/** Options of `orrery simulate` as commander hands them over. */
export interface RawSimulateOptions {
  readonly trace: string;
  readonly format?: string;
  readonly cluster?: string;
  readonly allocator: string;
  readonly timing: string;
  readonly roleSorter: string;
  readonly frameworkSorter: string;
  readonly seed: string;
  readonly faults: string;
  readonly until?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly policy: string;
  readonly refuseSeconds: string;
  readonly offerTimeout: string;
  readonly remaindersAtOnce?: boolean;
  readonly frameworksPerRole: string;
  readonly attempts: string;
  readonly backfill: string;
  readonly weight?: readonly string[];
  readonly quota?: readonly string[];
  readonly forceQuota?: boolean;
  readonly assume?: readonly string[];
  readonly timeScale: string;
  readonly from?: string;
  readonly window?: string;
  readonly maxJobs?: string;
  readonly strict?: boolean;
  readonly skipBadRows?: boolean;
  readonly compareTiming?: boolean;
  readonly sampleInterval?: string;
  readonly taskTable: boolean;
  readonly check?: boolean;
}

/** The same, understood. */
export interface SimulateOptions {
  readonly trace: string;
  readonly read: ReadOptions;
  /** Null: the trace's own. */
  readonly machines: readonly MachineSpec[] | null;
  readonly clusterText: string | null;
  /** A name or a file. */
  readonly allocator: string;
  readonly timing: AllocationTiming;
  /** Run with the other timing, too, and set their waits side by side. */
  readonly compareTiming: boolean;
  readonly roleSorter: SorterKind;
  readonly frameworkSorter: SorterKind;
  readonly seed: string;
  readonly faults: FaultOptions | null;
  readonly faultsText: string;
  readonly until: Micros | null;
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
  readonly policy: OfferPolicy;
  readonly refuseSeconds: number;
  /** Null: offers stay out for ever. */
  readonly offerTimeout: Micros | null;
  /** What an ACCEPT leaves is offered again at once, see `MasterOptions`. */
  readonly remaindersAtOnce: boolean;
  readonly frameworksPerRole: number;
  readonly attempts: number;
  readonly backfill: number;
  readonly weights: readonly { readonly role: string; readonly weight: number }[];
  readonly quotas: readonly QuotaConfig[];
  /** Guarantees may add up to more than the machines have. */
  readonly forceQuota: boolean;
  /** Null: chosen from the length of the run. */
  readonly sampleInterval: Micros | null;
  readonly taskTable: boolean;
  readonly check: boolean;
}

const TIMINGS: readonly AllocationTiming[] = ['mesos', 'event'];
const SORTERS: readonly SorterKind[] = ['drf', 'random'];
const POLICIES: readonly OfferPolicy[] = ['keep', 'decline', 'suppress', 'demand'];
/** A year, the longest filter that there is (spec 16 §8). */
const REFUSE_SECONDS_MAX = 31_536_000;
const WEIGHT_MIN = 0.000_1;
const WEIGHT_MAX = 1_000_000;

/** Reads every option before anything is done. Throws UsageError for the first that cannot be used. */
export function readSimulateOptions(raw: RawSimulateOptions): SimulateOptions {
  if (raw.strict === true && raw.skipBadRows === true) {
    throw new UsageError('--strict and --skip-bad-rows contradict each other: give one of them');
  }
  checkAllocatorName(raw.allocator);
  const timing = TIMINGS.find((one) => one === raw.timing);
  if (timing === undefined)
    throw new UsageError(`--timing ${raw.timing}: expected one of ${TIMINGS.join(', ')}`);
  const policy = POLICIES.find((one) => one === raw.policy);
  if (policy === undefined)
    throw new UsageError(`--policy ${raw.policy}: expected one of ${POLICIES.join(', ')}`);
  if (raw.seed === '') throw new UsageError('--seed: empty; give any text or number');
  const out = resolve(raw.out ?? `orrery-out/${fileName(raw.trace)}-${fileName(raw.seed)}`);
  return {
    trace: raw.trace,
    read: readOptions(raw),
    machines: raw.cluster === undefined ? null : parseCluster(raw.cluster),
    clusterText: raw.cluster ?? null,
    allocator: raw.allocator,
    timing,
    compareTiming: raw.compareTiming === true,
    roleSorter: readSorter('--role-sorter', raw.roleSorter),
    frameworkSorter: readSorter('--framework-sorter', raw.frameworkSorter),
    seed: raw.seed,
    faults: parseFaults(raw.faults),
    faultsText: raw.faults,
    until: raw.until === undefined ? null : someTime('--until', raw.until),
    out,
    force: raw.force === true,
    json: raw.json === true,
    policy,
    refuseSeconds: parseNumber(
      `--refuse-seconds ${raw.refuseSeconds}`,
      raw.refuseSeconds,
      0,
      REFUSE_SECONDS_MAX,
    ),
    offerTimeout: raw.offerTimeout === 'off' ? null : someTime('--offer-timeout', raw.offerTimeout),
    remaindersAtOnce: raw.remaindersAtOnce === true,
    frameworksPerRole: parseCount('--frameworks-per-role', raw.frameworksPerRole, 1, 10_000),
    attempts: parseCount('--attempts', raw.attempts, 1, 1_000),
    backfill: parseCount('--backfill', raw.backfill, 0, 1_000),
    weights: readWeights(raw.weight ?? []),
    quotas: parseQuotas(raw.quota ?? []),
    forceQuota: raw.forceQuota === true,
    sampleInterval:
      raw.sampleInterval === undefined ? null : someTime('--sample-interval', raw.sampleInterval),
    taskTable: raw.taskTable,
    check: raw.check === true,
  };
}

function readSorter(option: string, name: string): SorterKind {
  const sorter = SORTERS.find((one) => one === name);
  if (sorter === undefined) throw new UsageError(`${option} ${name}: expected one of ${SORTERS.join(', ')}`);
  return sorter;
}

function readOptions(raw: RawSimulateOptions): ReadOptions {
  const from = raw.from === undefined ? null : parseDuration('--from', raw.from);
  const window = raw.window === undefined ? null : someTime('--window', raw.window);
  return {
    ...DEFAULT_READ_OPTIONS,
    strictness: raw.skipBadRows === true ? 'skip-bad-rows' : 'strict',
    assumptions: parsePairs('--assume', raw.assume ?? []),
    seed: seedNumber(raw.seed),
    timeScale: parseNumber(`--time-scale ${raw.timeScale}`, raw.timeScale, 0.001, 1_000),
    from,
    until: window === null ? null : micros((from ?? 0) + window),
    maxJobs: raw.maxJobs === undefined ? null : parseCount('--max-jobs', raw.maxJobs, 1),
    format: raw.format ?? null,
  };
}

function readWeights(texts: readonly string[]): SimulateOptions['weights'] {
  const weights: { role: string; weight: number }[] = [];
  for (const [role, text] of parsePairs('--weight', texts)) {
    const place = `--weight ${role}=${text}`;
    const weight = parseNumber(place, text, WEIGHT_MIN, WEIGHT_MAX);
    const valid = validateWeight({ role, weight }, null);
    if (!valid.ok) throw new UsageError(`${place}: ${quotaErrorText(valid.error)}`);
    weights.push({ role, weight });
  }
  return weights;
}

/** A duration in which something can happen. */
export function someTime(option: string, text: string): Micros {
  const duration = parseDuration(option, text);
  if (duration < MICROS_PER_SECOND) throw new UsageError(`${option} ${text}: give 1s or more`);
  return duration;
}

/** About a thousand samples over the run, a whole number of seconds apart. */
export function defaultSampleInterval(span: Micros): Micros {
  return secondsToMicros(Math.max(1, Math.ceil(span / MICROS_PER_SECOND / 1_000)));
}

/** A 32-bit number for the readers' own draws. */
function seedNumber(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** A part of a file's name that is safe everywhere. */
function fileName(text: string): string {
  return (
    text
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[-.]+/, '')
      .slice(0, 80) || 'run'
  );
}
