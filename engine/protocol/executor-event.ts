import type { TaskId, UpdateId } from '../core/index.ts';
import type { AgentInfo } from './agent-info.ts';
import type { ContainerId } from './container-id.ts';
import type { FrameworkInfo } from './framework-info.ts';
import type { ExecutorInfo, KillPolicy, TaskInfo } from './task.ts';

/** Events on an executor's stream (spec 04 §3; spec 18, `mesos.v1.executor.Event`). */
export type ExecutorEvent =
  | {
      readonly type: 'SUBSCRIBED';
      readonly executorInfo: ExecutorInfo;
      readonly frameworkInfo: FrameworkInfo;
      readonly agentInfo: AgentInfo;
      readonly containerId: ContainerId | null;
    }
  | { readonly type: 'LAUNCH'; readonly task: TaskInfo }
  /** All of them or none. */
  | { readonly type: 'LAUNCH_GROUP'; readonly taskGroup: readonly TaskInfo[] }
  /** `killPolicy` overrides that of the task. */
  | { readonly type: 'KILL'; readonly taskId: TaskId; readonly killPolicy: KillPolicy | null }
  /** The agent has recorded the update; it is not the scheduler's acknowledgement. */
  | { readonly type: 'ACKNOWLEDGED'; readonly taskId: TaskId; readonly uuid: UpdateId }
  | { readonly type: 'MESSAGE'; readonly data: Uint8Array }
  | { readonly type: 'ERROR'; readonly message: string }
  | { readonly type: 'SHUTDOWN' }
  | { readonly type: 'HEARTBEAT' };
