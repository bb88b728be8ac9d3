import type { ExecutorId, FrameworkId, Micros } from '../core/index.ts';
import type { AgentToMaster, ExecutorEvent } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import type { ContainerHandle, ContainerSpec, Probe, ProbeUse } from './container.ts';
import type { ExecutorCallError, ExecutorRequestId, ExecutorStreamId } from './executor-api.ts';

/** What the agent wants done, in list order but for `checkpoint`. */
export type AgentOutput =
  | { readonly kind: 'toMaster'; readonly message: AgentToMaster }
  /** Close the link to the master and open one to whoever leads now; answered by `linkOpened`. */
  | { readonly kind: 'reconnect' }
  /**
   * Answered by `containerStarted`, then exactly one `containerExited`; or by the latter alone if it cannot start. `parent` is the pod
   * that it is nested in, which runs.
   */
  | {
      readonly kind: 'launchContainer';
      readonly container: ContainerHandle;
      readonly parent: ContainerHandle | null;
      readonly spec: ContainerSpec;
    }
  /**
   * SIGTERM to the container's processes; SIGKILL to end it and what is nested in it. One that is still launching is ended as well (or
   * started and signalled again); one that is gone is no error.
   */
  | {
      readonly kind: 'signalContainer';
      readonly container: ContainerHandle;
      readonly signal: 'SIGTERM' | 'SIGKILL';
    }
  /** An executor's container gets these resources in place of those it has; answered by `containerUpdated`, in the order of the orders. */
  | { readonly kind: 'updateContainer'; readonly container: ContainerHandle; readonly resources: Resources }
  | { readonly kind: 'executorEvent'; readonly stream: ExecutorStreamId; readonly event: ExecutorEvent }
  /** After the events before it were sent. */
  | { readonly kind: 'closeExecutorStream'; readonly stream: ExecutorStreamId }
  | {
      readonly kind: 'refuseExecutorCall';
      readonly request: ExecutorRequestId;
      readonly error: ExecutorCallError;
    }
  /**
   * One probe of the task in `container`, now; answered by one `probed`. There is at most one of a use under way per container.
   * `timeout` null: it may take as long as it wants.
   */
  | {
      readonly kind: 'probe';
      readonly container: ContainerHandle;
      readonly use: ProbeUse;
      readonly probe: Probe;
      readonly timeout: Micros | null;
    }
  /** Probes of the container that are under way are given up. */
  | { readonly kind: 'stopProbes'; readonly container: ContainerHandle }
  /** Removes the sandbox of a container that ended, and directories above it that are empty then; answered by `sandboxRemoved`. */
  | {
      readonly kind: 'removeSandbox';
      readonly container: ContainerHandle;
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
    }
  /** Measure all containers; answered by `usageSampled`. */
  | { readonly kind: 'sampleUsage' }
  /**
   * Only with `settings.checkpointing`. Wherever they stand in the list, all records of a step are written durably, in their order and
   * all or none, before any other output of the step is performed (`restoreCheckpoint`).
   */
  | { readonly kind: 'checkpoint'; readonly record: CheckpointRecord }
  /**
   * The process ends; nothing comes after it. `containers` says what becomes of those that run: after a refusal by the master or an
   * `unregister` they end as well.
   */
  | { readonly kind: 'exit'; readonly reason: string; readonly containers: 'end' | 'keep' };
