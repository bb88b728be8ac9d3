import type { FrameworkId, TaskId } from '../core/index.ts';
import type { MasterToAgent } from '../protocol/index.ts';
import type { AgentCheckpoint } from './checkpoint.ts';

/** Why a container ended. */
export interface ContainerExit {
  /** Exit code, or null when a signal or the runtime ended it. */
  readonly code: number | null;
  readonly signal: number | null;
  /**
   * Set when a limit ended it, when it never started, or (`GONE`, after a restart of the agent) when the runtime does not know it: it was
   * never launched, or it went away with its status.
   */
  readonly cause: 'MEMORY_LIMIT' | 'DISK_LIMIT' | 'LAUNCH_FAILED' | 'GONE' | null;
  readonly message: string | null;
}

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
  | { readonly kind: 'containerStarted'; readonly frameworkId: FrameworkId; readonly taskId: TaskId }
  | {
      readonly kind: 'containerExited';
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly exit: ContainerExit;
    }
  | { readonly kind: 'tick' };
