import type { ContainerStatus, ExecutorCall, MasterToAgent, ResourceStatistics } from '../protocol/index.ts';
import type { AgentCheckpoint } from './checkpoint.ts';
import type { ContainerExit, ContainerHandle, ProbeResult, ProbeUse } from './container.ts';
import type { ExecutorClaims, ExecutorRequestId, ExecutorStreamId } from './executor-api.ts';

/** What happened to the agent. */
export type AgentInput =
  /**
   * The process starts; first input, once. `recovered` is what it had checkpointed, null on a fresh disk. The driver opens a link by
   * itself (`linkOpened`), ends containers that are not in the checkpoint, and says by `containersAlive` whether it re-attached to those
   * that are: for each of them comes `containerStarted` again if it runs, and its one `containerExited` when it has ended. False means
   * that the host was rebooted: they are all gone, and nothing comes.
   */
  | {
      readonly kind: 'started';
      readonly recovered: AgentCheckpoint | null;
      readonly containersAlive: boolean;
    }
  /** A link to the leading master is open; the agent (re-)registers on it. Messages of older links are not delivered any more. */
  | { readonly kind: 'linkOpened' }
  | { readonly kind: 'linkClosed' }
  /** No ping came for the total ping timeout: the agent registers anew. */
  | { readonly kind: 'pingsMissed' }
  | { readonly kind: 'masterMessage'; readonly message: MasterToAgent }
  /** The container runs. `status` is what the runtime knows of it (process id, addresses), null if nothing. */
  | {
      readonly kind: 'containerStarted';
      readonly container: ContainerHandle;
      readonly status: ContainerStatus | null;
    }
  /**
   * Once for every launch. Nested containers end before the container that they are in; one that is ordered into a container that has ended
   * meanwhile cannot start.
   */
  | { readonly kind: 'containerExited'; readonly container: ContainerHandle; readonly exit: ContainerExit }
  /** Answers one `updateContainer`; `failure` is null if the container has its new resources. */
  | {
      readonly kind: 'containerUpdated';
      readonly container: ContainerHandle;
      readonly failure: string | null;
    }
  /**
   * A decoded executor call. For SUBSCRIBE `stream` is the one just opened for it, for others null: their ids say whose they are. `claims`
   * are those of the caller's token, null without executor authentication. A call without `refuseExecutorCall` in the outputs of its step
   * is answered 202 (SUBSCRIBE: 200 and the stream stays open). Ids of updates are the executor's own: the edge makes a number of their
   * 16 bytes, and puts the bytes back into ACKNOWLEDGED.
   */
  | {
      readonly kind: 'executorCalled';
      readonly request: ExecutorRequestId;
      readonly stream: ExecutorStreamId | null;
      readonly claims: ExecutorClaims | null;
      readonly call: ExecutorCall;
    }
  /** By the executor, or because its connection broke. */
  | { readonly kind: 'executorStreamClosed'; readonly stream: ExecutorStreamId }
  /** Answers one `probe`. After `stopProbes` for the container it may still come, and is ignored. */
  | {
      readonly kind: 'probed';
      readonly container: ContainerHandle;
      readonly use: ProbeUse;
      readonly result: ProbeResult;
    }
  /** How full the disk of the work directory is, 0 to 1: every disk watch interval (spec 12 §4). */
  | { readonly kind: 'diskUsage'; readonly fraction: number }
  /** Answers one `removeSandbox`; `failure` is null if nothing of it is left. */
  | { readonly kind: 'sandboxRemoved'; readonly container: ContainerHandle; readonly failure: string | null }
  /** Answers one `sampleUsage`. `load` are the host's load averages over 5 and 15 minutes, null if not known. */
  | {
      readonly kind: 'usageSampled';
      readonly containers: readonly {
        readonly container: ContainerHandle;
        readonly statistics: ResourceStatistics;
      }[];
      readonly load: { readonly fiveMinutes: number; readonly fifteenMinutes: number } | null;
    }
  /**
   * The operator ends the agent (spec 12 §2). `unregister` (SIGUSR1): it leaves the cluster and shuts all executors down, then `exit`.
   * `stop` (SIGTERM): `exit` at once, and what runs keeps running.
   */
  | { readonly kind: 'terminate'; readonly how: 'unregister' | 'stop' }
  | { readonly kind: 'tick' };
