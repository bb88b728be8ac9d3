import { MICROS_PER_MILLISECOND, MICROS_PER_SECOND, type Micros, micros } from '../../engine/core/index.ts';
import type { FrameworkInfo } from '../../engine/protocol/index.ts';

/**
 * What a framework does with offers that it does not need now.
 *
 * - `keep`: nothing is declined; unused offers wait in the framework's hands for the next job. Cheapest, and greedy: what is held is
 *   nobody else's (spec 16 §13), and a framework with nothing to do never lets go. For a framework that has its share of the cluster for
 *   itself. While a role waits, idle roles of the same framework decline what they
 *   hold; and a role whose head stays blocked for `gangHold` gives up what it holds.
 * - `decline`: what does not fit is declined with a filter of `refuseSeconds`.
 * - `suppress`: as `decline`, and a role with nothing queued is SUPPRESSed until a job comes, which REVIVEs it.
 * - `demand`: roles rest suppressed from the start; a role with queued tasks states their quantities with REQUEST (see `RequestCall`).
 */
export type OfferPolicy = 'keep' | 'decline' | 'suppress' | 'demand';

export interface WorkloadOptions {
  /** `id` is ignored: the master's SUBSCRIBED gives it. */
  readonly info: FrameworkInfo;
  readonly policy: OfferPolicy;
  /** Filter on declined offers, seconds. */
  readonly refuseSeconds: number;
  /** Attempts at one task (for a gang: at the whole gang), the first included; 1 or more. TASK_ERROR is never retried. */
  readonly maxAttempts: number;
  /** How long a task may be unreachable before its attempt is given up and another one begins. */
  readonly unreachableWait: Micros;
  /**
   * How long a blocked head of a queue may hoard offers before it gives them up and steps aside for a back-off. Doubles, up to
   * 32-fold, with every hold in vain, so that a large gang on a busy cluster gets its turn.
   */
  readonly gangHold: Micros;
  /** `priority`: larger priority first, then arrival. `fifo`: arrival only. */
  readonly order: 'fifo' | 'priority';
  /** How many jobs behind a blocked head are tried; 0 for none. */
  readonly backfillLookAhead: number;
  /** How often a blocked head may be overtaken before nobody may overtake it any more. */
  readonly backfillOvertakesMax: number;
  /** First wait for the answers to a reconciliation; doubles up to `reconcileWaitMax`. */
  readonly reconcileWait: Micros;
  readonly reconcileWaitMax: Micros;
  /** A launched task without any status for this long is reconciled. */
  readonly launchWait: Micros;
  /** First wait for the end of a killed task before KILL is repeated; doubles up to 16-fold. */
  readonly killWait: Micros;
  /** `demand`: first wait before an unfilled demand is stated again; doubles up to 8-fold. */
  readonly requestWait: Micros;
  /** First wait after a refused subscription; doubles up to 64-fold. */
  readonly subscribeBackoff: Micros;
  /** How long SUBSCRIBED may take before a new connection is tried. */
  readonly subscribeWait: Micros;
  /** Heartbeats missed until the connection counts as broken (spec 03 §1.4); null: never. */
  readonly heartbeatsMissedMax: number | null;
  /** Seeds the jitter of holds and back-offs, together with the framework's name. */
  readonly seed: number;
}

/** Everything but who the framework is. */
export const DEFAULT_WORKLOAD_OPTIONS: Omit<WorkloadOptions, 'info'> = {
  policy: 'suppress',
  refuseSeconds: 5,
  maxAttempts: 3,
  unreachableWait: micros(60 * MICROS_PER_SECOND),
  gangHold: micros(30 * MICROS_PER_SECOND),
  order: 'priority',
  backfillLookAhead: 0,
  backfillOvertakesMax: 1_000,
  reconcileWait: micros(5 * MICROS_PER_SECOND),
  reconcileWaitMax: micros(120 * MICROS_PER_SECOND),
  launchWait: micros(120 * MICROS_PER_SECOND),
  killWait: micros(10 * MICROS_PER_SECOND),
  requestWait: micros(1_000 * MICROS_PER_MILLISECOND),
  subscribeBackoff: micros(MICROS_PER_SECOND),
  subscribeWait: micros(15 * MICROS_PER_SECOND),
  heartbeatsMissedMax: 5,
  seed: 1,
};
