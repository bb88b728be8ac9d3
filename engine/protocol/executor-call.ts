import type { ExecutorId, FrameworkId } from '../core/index.ts';
import type { TaskInfo, TaskStatus } from './task.ts';

/** Calls of `POST /api/v1/executor` (spec 04 §2; spec 18, `mesos.v1.executor.Call`). */
export type ExecutorCall =
  | ExecutorSubscribeCall
  | ExecutorUpdateCall
  | {
      readonly type: 'MESSAGE';
      readonly executorId: ExecutorId;
      readonly frameworkId: FrameworkId;
      readonly data: Uint8Array;
    }
  | { readonly type: 'HEARTBEAT'; readonly executorId: ExecutorId; readonly frameworkId: FrameworkId };

/** Both lists are filled when it subscribes anew: what the agent has not acknowledged yet. */
export interface ExecutorSubscribeCall {
  readonly type: 'SUBSCRIBE';
  readonly executorId: ExecutorId;
  readonly frameworkId: FrameworkId;
  readonly unacknowledgedTasks: readonly TaskInfo[];
  readonly unacknowledgedUpdates: readonly TaskStatus[];
}

/** A status with an id, of source SOURCE_EXECUTOR, in any state but TASK_STAGING. */
export interface ExecutorUpdateCall {
  readonly type: 'UPDATE';
  readonly executorId: ExecutorId;
  readonly frameworkId: FrameworkId;
  readonly status: TaskStatus;
}
