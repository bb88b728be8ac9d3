import type { AgentId, FrameworkId } from '../core/index.ts';
import type { FrameworkInfo } from './framework-info.ts';
import type { AgentStatus, ClusterState, FrameworkStatus } from './operator-response.ts';
import type { TaskStatus } from './task.ts';
import type { Task } from './task-record.ts';
import type { TaskState } from './task-state.ts';

/** Events on an operator's stream (spec 05 §B; spec 18, `mesos.v1.master.Event`). */
export type OperatorEvent =
  /** First: the whole state; no event between it and the stream is lost. */
  | {
      readonly type: 'SUBSCRIBED';
      readonly getState: ClusterState;
      readonly heartbeatIntervalSeconds: number;
    }
  | { readonly type: 'TASK_ADDED'; readonly task: Task }
  /** `state` is the latest of the task and may be ahead of `status.state`. */
  | {
      readonly type: 'TASK_UPDATED';
      readonly frameworkId: FrameworkId;
      readonly status: TaskStatus;
      readonly state: TaskState;
    }
  | { readonly type: 'AGENT_ADDED'; readonly agent: AgentStatus }
  | { readonly type: 'AGENT_REMOVED'; readonly agentId: AgentId }
  | { readonly type: 'FRAMEWORK_ADDED' | 'FRAMEWORK_UPDATED'; readonly framework: FrameworkStatus }
  | { readonly type: 'FRAMEWORK_REMOVED'; readonly frameworkInfo: FrameworkInfo }
  | { readonly type: 'HEARTBEAT' };
