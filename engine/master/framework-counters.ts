import { fieldsLayout } from '../core/graph/index.ts';
import {
  TASK_STATE_NUMBERS,
  type SchedulerCall,
  type SchedulerEvent,
  type TaskState,
} from '../protocol/index.ts';
import type { PrincipalCounters } from './rate-limits.ts';

export const CALL_TYPES: readonly SchedulerCall['type'][] = [
  'SUBSCRIBE',
  'TEARDOWN',
  'ACCEPT',
  'DECLINE',
  'ACCEPT_INVERSE_OFFERS',
  'DECLINE_INVERSE_OFFERS',
  'REVIVE',
  'SUPPRESS',
  'KILL',
  'SHUTDOWN',
  'ACKNOWLEDGE',
  'ACKNOWLEDGE_OPERATION_STATUS',
  'RECONCILE',
  'RECONCILE_OPERATIONS',
  'MESSAGE',
  'REQUEST',
  'UPDATE_FRAMEWORK',
];

export const EVENT_TYPES: readonly SchedulerEvent['type'][] = [
  'SUBSCRIBED',
  'OFFERS',
  'INVERSE_OFFERS',
  'RESCIND',
  'RESCIND_INVERSE_OFFER',
  'UPDATE',
  'UPDATE_OPERATION_STATUS',
  'MESSAGE',
  'FAILURE',
  'ERROR',
  'HEARTBEAT',
];

export const OPERATION_TYPES = [
  'LAUNCH',
  'LAUNCH_GROUP',
  'RESERVE',
  'UNRESERVE',
  'CREATE',
  'DESTROY',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
  'CREATE_DISK',
  'DESTROY_DISK',
] as const;

/** What is counted for one framework (spec 15), with the option `frameworkMetrics`. */
export class FrameworkCounters {
  readonly calls: { [Type in SchedulerCall['type']]: number } = zeros(CALL_TYPES);
  readonly events: { [Type in SchedulerEvent['type']]: number } = zeros(EVENT_TYPES);
  readonly operations: { [Type in (typeof OPERATION_TYPES)[number]]: number } = zeros(OPERATION_TYPES);
  offersSent = 0;
  offersAccepted = 0;
  offersDeclined = 0;
  offersRescinded = 0;
  /** By the number of the state. */
  readonly tasksEnded = new Float64Array(Object.keys(TASK_STATE_NUMBERS).length);
  /** Shared by the frameworks of one principal; null without one. */
  principal: PrincipalCounters | null = null;

  addEnd(state: TaskState): void {
    const number = TASK_STATE_NUMBERS[state];
    this.tasksEnded[number] = this.tasksEnded[number]! + 1;
  }

  static readonly layout = fieldsLayout({
    blank: () => new FrameworkCounters(),
  });
}

function zeros<Name extends string>(names: readonly Name[]): { [Key in Name]: number } {
  return Object.fromEntries(names.map((name) => [name, 0])) as { [Key in Name]: number };
}
