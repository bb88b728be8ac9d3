import type { FrameworkId, Micros, Milli, TaskId } from '../../engine/core/index.ts';
import type { SchedulerCall, SchedulerEvent, StatusReason, TaskState } from '../../engine/protocol/index.ts';
import type { Job, JobOutcome } from '../../engine/workload/index.ts';

/** What happened to the workload framework. */
export type WorkloadInput =
  /** A way to the leading master is open: subscribe on it. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** Comes only between `connected` and `disconnected`, in order. */
  | { readonly kind: 'event'; readonly event: SchedulerEvent }
  | { readonly kind: 'jobsArrived'; readonly jobs: readonly Job[] }
  | { readonly kind: 'tick' };

/** What the workload framework wants done. */
export type WorkloadOutput =
  | { readonly kind: 'call'; readonly call: SchedulerCall }
  /** Close the connection and open one to whoever leads now; answered by `connected`. */
  | { readonly kind: 'reconnect' }
  | { readonly kind: 'jobEnded'; readonly outcome: JobOutcome }
  | { readonly kind: 'attemptEnded'; readonly attempt: AttemptEnded };

/** One attempt at a task, as `TaskOutcome` but with the agent for the machine. */
export interface AttemptEnded {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly job: string;
  readonly index: number;
  readonly attempt: number;
  readonly role: string;
  readonly agentId: number;
  readonly cpus: Milli;
  readonly mem: Milli;
  readonly gpus: Milli;
  readonly arrival: Micros;
  readonly launched: Micros;
  readonly running: Micros | null;
  readonly ended: Micros;
  readonly state: TaskState;
  readonly reason: StatusReason | null;
}
