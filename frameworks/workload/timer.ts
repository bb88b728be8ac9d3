import type { Micros, TaskId } from '../../engine/core/index.ts';
import type { KillEntry } from './kill-list.ts';
import type { LiveJob } from './live-job.ts';
import type { RoleState } from './role-state.ts';

/** What is to happen at an instant. Timers are never cancelled: one whose subject has moved on does nothing when it fires. */
export type TimerSubject =
  /** A hold ends. */
  | { readonly kind: 'hold'; readonly role: RoleState }
  /** An unfilled demand is stated again. */
  | { readonly kind: 'request'; readonly role: RoleState }
  /** A job that stood aside comes back. */
  | { readonly kind: 'return'; readonly job: LiveJob }
  /** A task was unreachable for too long. */
  | { readonly kind: 'unreachable'; readonly id: TaskId; readonly since: Micros }
  /** A KILL is repeated. */
  | { readonly kind: 'kill'; readonly id: TaskId; readonly entry: KillEntry };

export interface Timer {
  readonly at: number;
  /** Order of setting; breaks ties. */
  readonly order: number;
  readonly subject: TimerSubject;
}

export function firesBefore(a: Timer, b: Timer): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order;
}
