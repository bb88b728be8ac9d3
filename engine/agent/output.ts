import type { ExecutorId, FrameworkId, TaskId } from '../core/index.ts';
import type { AgentToMaster, TaskInfo } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';

/** What the agent wants done, in list order. */
export type AgentOutput =
  | { readonly kind: 'toMaster'; readonly message: AgentToMaster }
  /** Close the link to the master and open one to whoever leads now; answered by `linkOpened`. */
  | { readonly kind: 'reconnect' }
  /** Answered by `containerStarted`, then exactly one `containerExited`; or by the latter alone if it cannot start. */
  | {
      readonly kind: 'launchContainer';
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
      readonly task: TaskInfo;
      /** What the command executor may use beside the task's resources; null in a group, whose executor has its own. */
      readonly overhead: Resources | null;
    }
  /**
   * SIGTERM to the container's processes, SIGKILL to end it. One that is still launching is ended as well (or started and signalled
   * again); one that is gone is no error.
   */
  | {
      readonly kind: 'signalContainer';
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly signal: 'SIGTERM' | 'SIGKILL';
    }
  /** The master refused the agent for good: end every container and the process. Nothing comes after it. */
  | { readonly kind: 'exit'; readonly reason: string };
