import type { Micros, Milli } from '../core/index.ts';
import type { StatusReason, TaskState } from '../protocol/index.ts';

/** How a job ended. REFUSED: a task of it fits no machine of the cluster. UNFINISHED: the run ended first. */
export type JobState = 'FINISHED' | 'FAILED' | 'REFUSED' | 'UNFINISHED';

/** One job as the run left it. */
export interface JobOutcome {
  readonly job: string;
  readonly role: string;
  readonly user: string | null;
  readonly priority: number;
  readonly gang: boolean;
  readonly tasks: number;
  readonly state: JobState;
  readonly arrival: Micros;
  /** First TASK_RUNNING of any task that the framework learnt of; null if none. */
  readonly firstRunning: Micros | null;
  /** Last terminal update of the last attempt; null if it did not end. */
  readonly ended: Micros | null;
  /** Longest duration of its tasks: the run time with unlimited resources. */
  readonly ideal: Micros;
  /** Attempts beyond the first, summed over its tasks. */
  readonly retries: number;
}

/** One attempt at one task, from launch to the terminal state its framework learnt of. */
export interface TaskOutcome {
  readonly job: string;
  /** Index of the task in its job, from 0. */
  readonly index: number;
  /** From 1. */
  readonly attempt: number;
  readonly role: string;
  /** Index of the machine in the cluster. */
  readonly machine: number;
  readonly cpus: Milli;
  readonly mem: Milli;
  readonly gpus: Milli;
  readonly arrival: Micros;
  /** When the framework sent the accept. */
  readonly launched: Micros;
  /** First TASK_RUNNING; null if it never ran. */
  readonly running: Micros | null;
  readonly ended: Micros;
  readonly state: TaskState;
  readonly reason: StatusReason | null;
}

/** Scalars by kind; thousandths, mem and disk of a MiB. */
export interface KindAmounts {
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly gpus: number;
}

/** The cluster at an instant, sampled at a fixed interval. Counters are totals since the start. */
export interface ClusterSample {
  readonly at: Micros;
  /** Of registered, reachable agents. */
  readonly total: KindAmounts;
  /** In use by tasks and executors. */
  readonly allocated: KindAmounts;
  /** In outstanding offers. */
  readonly offered: KindAmounts;
  readonly agents: number;
  readonly tasksRunning: number;
  readonly tasksQueued: number;
  readonly jobsQueued: number;
  readonly offersMade: number;
  readonly offersAccepted: number;
  readonly offersDeclined: number;
  readonly offersRescinded: number;
  /** Of the rescinded: those that nobody answered in time. */
  readonly offersTimedOut: number;
  /** Times that a framework was passed over for an agent because it had declined there what others had not seen. */
  readonly declinersPassedOver: number;
  readonly tasksFinished: number;
  readonly tasksFailed: number;
  readonly allocationRuns: number;
  /** Master steps since the start: the cost of the run in events. */
  readonly masterSteps: number;
  readonly roles: readonly RoleSample[];
}

/** A role at an instant. */
export interface RoleSample {
  readonly role: string;
  /** Largest fraction of the cluster in use or offered, over kinds; 0 to 1, not divided by the weight. */
  readonly dominantShare: number;
  /** What weighted progressive filling gives it among the roles that want more than they have or hold something; 0 to 1. */
  readonly fairShare: number;
  readonly tasksRunning: number;
  readonly tasksQueued: number;
}

/** A fault that the run injected, or a change of the fleet, for the report's marks. */
export interface FaultRecord {
  readonly at: Micros;
  /** For example `agentCrash`, `masterCrash`, `partition`, `machineRemoved`. */
  readonly kind: string;
  /** What it hit, in words: a machine's name, a framework, `master`. */
  readonly target: string;
  readonly until: Micros | null;
}

/** What a run tells while it goes. Rows come in the order in which they happen. */
export interface RunObserver {
  jobEnded(outcome: JobOutcome): void;
  taskEnded(outcome: TaskOutcome): void;
  sampled(sample: ClusterSample): void;
  faultInjected(fault: FaultRecord): void;
}
