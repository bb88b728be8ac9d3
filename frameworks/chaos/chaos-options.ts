import type { Micros } from '../../engine/core/index.ts';
import type { FrameworkInfo, OfferConstraints } from '../../engine/protocol/index.ts';

/** How a chaos framework behaves while it may. Percentages are of the occasions on which it could. */
export interface ChaosTemper {
  /** Mean time between two things that it does on its own account. */
  readonly actionInterval: Micros;
  /** Launches on an offer at once. What it does not launch on, it holds or declines. */
  readonly launchPercent: number;
  /** Holds an offer until one of its own actions answers it. */
  readonly hoardPercent: number;
  /** Of the tasks it launches: in a custom executor, in a group of a default executor; the others are command tasks. */
  readonly customPercent: number;
  readonly groupPercent: number;
  /** An ACCEPT has a reservation or volume operation before its launches. */
  readonly operationPercent: number;
  /** Something is wrong with a task: too much, no resources, another agent, a live id. */
  readonly invalidPercent: number;
  /** A task is killed right after its launch. */
  readonly killAtOncePercent: number;
  /** A new task has the id of one that ended. */
  readonly reusePercent: number;
  /** An update is acknowledged late, up to `lateness`; a late one in four twice. */
  readonly lateAckPercent: number;
  readonly lateness: Micros;
  /** Declines with a filter of an odd length: none, a year, for ever, negative, not a number. */
  readonly oddFilterPercent: number;
  /** Every other filter is of so many seconds; null: of some seconds each, drawn, or the default. */
  readonly refuseSeconds: number | null;
  /** Suppresses its roles once it has answered what it was offered, and so is offered nothing before an own action revives them. */
  readonly suppressesAtOnce: boolean;
  /** It says what it says this many times over, where that is legal. */
  readonly repeats: number;
  /** Tasks at once, about. */
  readonly tasksMax: number;
  /** How long tasks run: drawn evenly, long ones never end by themselves. */
  readonly runMin: Micros;
  readonly runMax: Micros;
  /** An own action is a TEARDOWN. */
  readonly teardownPercent: number;
}

export interface ChaosOptions {
  /** Its `id` is null. */
  readonly info: FrameworkInfo;
  readonly seed: number;
  /** From this instant on it behaves: it acknowledges at once, ends its tasks, and is silent when nothing is left. */
  readonly calmAt: Micros;
  /** From this instant on it is gone for good: its stream ends and nothing is heard of it. Null: it stays. */
  readonly leavesAt: Micros | null;
  readonly temper: ChaosTemper;
  readonly offerConstraints: OfferConstraints | null;
  /** Roles that it suppresses from the start. */
  readonly suppressedRoles: readonly string[];
  /** Waits for SUBSCRIBED before it tries another connection, and between refused subscriptions. */
  readonly subscribeWait: Micros;
  /** Heartbeats missed after which the stream counts as broken; null never. */
  readonly heartbeatsMissedMax: number | null;
}
