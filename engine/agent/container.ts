import type { Branded, ExecutorId, FrameworkId, Micros } from '../core/index.ts';
import type { CommandInfo, ExecutorInfo, FrameworkInfo, TaskInfo } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';

/** A container of one agent, numbered by it from 1 and never reused, by later processes on the same disk either. */
export type ContainerHandle = Branded<number, 'ContainerHandle'>;

/** A task or executor that has no container. */
export const NO_CONTAINER = 0 as ContainerHandle;

/**
 * What to launch. The port prepares the sandbox, fetches the URIs of the command and provisions the image before anything runs; a failure
 * of that is a launch that failed (`ContainerExit.cause`).
 */
export type ContainerSpec = CommandTaskSpec | CustomExecutorSpec | PodSpec | PodTaskSpec;

/** The command of a task, run by the command executor that is part of the agent (spec 04 §6). */
export interface CommandTaskSpec {
  readonly kind: 'commandTask';
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  readonly framework: FrameworkInfo;
  readonly role: string;
  readonly task: TaskInfo;
  /** What it may use beside the task's resources. */
  readonly overhead: Resources;
}

/** A framework's own executor: the command of `executor`, with the environment of spec 04 §5. */
export interface CustomExecutorSpec {
  readonly kind: 'customExecutor';
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  readonly framework: FrameworkInfo;
  readonly role: string;
  readonly executor: ExecutorInfo;
  /** Of the executor and the tasks that it will be given first. */
  readonly resources: Resources;
  readonly environment: ExecutorEnvironment;
}

/** The container of a default executor: nothing of its own runs in it; nested containers share its network and its volumes (spec 07 §8). */
export interface PodSpec {
  readonly kind: 'pod';
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  readonly framework: FrameworkInfo;
  readonly role: string;
  readonly executor: ExecutorInfo;
  /** Of the executor and the tasks of the first group. */
  readonly resources: Resources;
}

/** One task of a pod, nested in the pod's container: it shares its network, and its cgroup unless the task says otherwise. */
export interface PodTaskSpec {
  readonly kind: 'podTask';
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  readonly framework: FrameworkInfo;
  readonly role: string;
  readonly task: TaskInfo;
}

/** The part of an executor's environment that the agent decides (spec 04 §5); ids, addresses and paths are the port's. */
export interface ExecutorEnvironment {
  /** `MESOS_CHECKPOINT`. */
  readonly checkpoint: boolean;
  /** `MESOS_RECOVERY_TIMEOUT`, if it checkpoints. */
  readonly recoveryTimeout: Micros | null;
  /** `MESOS_SUBSCRIPTION_BACKOFF_MAX`, if it checkpoints. */
  readonly subscriptionBackoffMax: Micros | null;
  /** `MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD`. */
  readonly shutdownGracePeriod: Micros;
}

/** Why a container ended. */
export interface ContainerExit {
  /** Exit code, or null when a signal or the runtime ended it. */
  readonly code: number | null;
  readonly signal: number | null;
  /**
   * Set when a limit ended it, when it never started (`FETCH_FAILED`: a URI could not be fetched), or (`GONE`, after a restart of the
   * agent) when the runtime does not know it: it was never launched, or it went away with its status.
   */
  readonly cause:
    | 'MEMORY_LIMIT'
    | 'DISK_LIMIT'
    | 'OTHER_LIMIT'
    | 'LAUNCH_FAILED'
    | 'FETCH_FAILED'
    | 'GONE'
    | null;
  readonly message: string | null;
}

/** One look at a task from inside its container: its network and its files (spec 07 §7). */
export type Probe =
  /** Succeeds with exit code 0. */
  | { readonly type: 'COMMAND'; readonly command: CommandInfo }
  /** GET to the loopback address of `protocol`; redirects are followed. */
  | {
      readonly type: 'HTTP';
      readonly scheme: string;
      readonly protocol: 'IPv4' | 'IPv6';
      readonly port: number;
      readonly path: string;
    }
  | { readonly type: 'TCP'; readonly protocol: 'IPv4' | 'IPv6'; readonly port: number };

/** Which of a task's two checks a probe is for. */
export type ProbeUse = 'healthCheck' | 'check';

export type ProbeResult =
  /** COMMAND: it ended. A signal counts as 128 + its number. */
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** HTTP: the status after redirects. */
  | { readonly kind: 'responded'; readonly statusCode: number }
  /** TCP: whether a connection came about. */
  | { readonly kind: 'connected'; readonly succeeded: boolean }
  | { readonly kind: 'timedOut' }
  /** It could not be carried out, or HTTP found nobody. */
  | { readonly kind: 'failed'; readonly message: string };
