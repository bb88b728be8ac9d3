import type { MasterEpoch } from '../../../engine/core/index.ts';
import type {
  AgentInfo,
  AgentStatus,
  ClusterExecutors,
  FrameworkStatus,
  Task,
} from '../../../engine/protocol/index.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { type BigMessage, type EncodedList, isEncoded } from '../codec/message/big-message.ts';
import { agentInfoToWire } from '../codec/parts/agent-info.ts';
import { agentStatusToWire } from '../codec/parts/agent-status.ts';
import { frameworkStatusToWire } from '../codec/parts/framework-status.ts';
import { executorToWire } from '../codec/parts/task-info.ts';
import { taskRecordToWire } from '../codec/parts/task-record.ts';
import {
  Response_GetAgentsSchema,
  Response_GetExecutorsSchema,
  Response_GetFrameworksSchema,
  Response_GetStateSchema,
  Response_GetTasksSchema,
} from '../proto/generated/mesos/v1/master/master_pb.ts';

type List<Entry> = Iterable<Entry> | EncodedList;

/** The parts of `ClusterState`, as lists that are there, that are read as they are written, or that are encoded already. */
export interface StateParts {
  readonly getTasks: {
    readonly tasks: List<Task>;
    readonly unreachableTasks: List<Task>;
    readonly completedTasks: List<Task>;
  };
  readonly getExecutors: { readonly executors: List<ClusterExecutors['executors'][number]> };
  readonly getFrameworks: {
    readonly frameworks: List<FrameworkStatus>;
    readonly completedFrameworks: List<FrameworkStatus>;
  };
  readonly getAgents: {
    readonly agents: List<AgentStatus>;
    readonly recoveredAgents: Iterable<AgentInfo>;
  };
}

export function bigTasks(ids: IdTexts, tasks: StateParts['getTasks']): BigMessage {
  const wire = (list: List<Task>) => mapped(list, (task) => taskRecordToWire(ids, task));
  return {
    schema: Response_GetTasksSchema,
    lists: {
      tasks: wire(tasks.tasks),
      completedTasks: wire(tasks.completedTasks),
      unreachableTasks: wire(tasks.unreachableTasks),
    },
  };
}

export function bigExecutors(ids: IdTexts, { executors }: StateParts['getExecutors']): BigMessage {
  return {
    schema: Response_GetExecutorsSchema,
    lists: {
      executors: mapped(executors, ({ executorInfo, agentId }) => ({
        executorInfo: executorToWire(ids, executorInfo, 'endpoint', null),
        agentId: { value: ids.agentText(agentId) },
      })),
    },
  };
}

export function bigFrameworks(
  ids: IdTexts,
  epoch: MasterEpoch,
  { frameworks, completedFrameworks }: StateParts['getFrameworks'],
): BigMessage {
  const wire = (list: List<FrameworkStatus>) =>
    mapped(list, (framework) => frameworkStatusToWire(ids, epoch, framework));
  return {
    schema: Response_GetFrameworksSchema,
    lists: { frameworks: wire(frameworks), completedFrameworks: wire(completedFrameworks) },
  };
}

export function bigAgents(ids: IdTexts, { agents, recoveredAgents }: StateParts['getAgents']): BigMessage {
  return {
    schema: Response_GetAgentsSchema,
    lists: {
      agents: mapped(agents, (agent) => agentStatusToWire(ids, agent)),
      recoveredAgents: mapped(recoveredAgents, (info) => agentInfoToWire(ids, info)),
    },
  };
}

export function bigState(ids: IdTexts, epoch: MasterEpoch, state: StateParts): BigMessage {
  return {
    schema: Response_GetStateSchema,
    parts: {
      getTasks: bigTasks(ids, state.getTasks),
      getExecutors: bigExecutors(ids, state.getExecutors),
      getFrameworks: bigFrameworks(ids, epoch, state.getFrameworks),
      getAgents: bigAgents(ids, state.getAgents),
    },
  };
}

function mapped<From>(list: List<From>, map: (from: From) => object): List<object> {
  return isEncoded(list) ? list : entries(list, map);
}

function* entries<From>(list: Iterable<From>, map: (from: From) => object): Generator<object> {
  for (const entry of list) yield map(entry);
}
