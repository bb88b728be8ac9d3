import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  AgentApiResponse,
  AgentExecutors,
  AgentFrameworks,
  AgentTasks,
  ContainerRecord,
  ContainerTermination,
} from '../../../engine/protocol/index.ts';
import { STATUS_REASON_NUMBERS } from '../../../engine/protocol/index.ts';
import {
  Response_Type,
  type Response_GetContainers_ContainerSchema,
  type Response_GetContainers_ContainerValid,
  type Response_GetExecutorsValid,
  type Response_GetFrameworksValid,
  type Response_GetTasksValid,
  type Response_WaitContainerValid,
  type ResponseSchema,
  type ResponseValid,
} from '../proto/generated/mesos/v1/agent/agent_pb.ts';
import { TaskState } from '../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { WireError } from './message/wire-error.ts';
import { agentInfoFromWire, agentInfoToWire } from './parts/agent-info.ts';
import {
  containerIdFromWire,
  containerIdToWire,
  containerStatusFromWire,
  containerStatusToWire,
} from './parts/container-status.ts';
import { drainConfigFromWire, drainConfigToWire } from './parts/drain.ts';
import { frameworkInfoFromWire, frameworkInfoToWire } from './parts/framework-info.ts';
import { microsToNanos, namesOf, nanosToMicros, own, present } from './parts/presence.ts';
import {
  isProcessResponse,
  processResponseFromWire,
  processResponseToWire,
} from './parts/process-response.ts';
import { providerFromWire, providerToWire } from './parts/resource-provider.ts';
import { statisticsFromWire, statisticsToWire } from './parts/resource-statistics.ts';
import { resourcesFromWire, resourcesToWire } from './parts/resources.ts';
import { executorFromWire, executorToWire } from './parts/task-info.ts';
import {
  operationRecordFromWire,
  operationRecordToWire,
  taskRecordFromWire,
  taskRecordToWire,
} from './parts/task-record.ts';
import { statusReasonName, taskStateName } from './parts/task-status.ts';

const responseType = namesOf(Response_Type);
const UNKNOWN_EXTRAS = { ip: null, capabilities: [], version: '' };

function tasksToWire(ids: IdTexts, tasks: AgentTasks) {
  const wire = (list: AgentTasks['pendingTasks']) => list.map((task) => taskRecordToWire(ids, task));
  return {
    pendingTasks: wire(tasks.pendingTasks),
    queuedTasks: wire(tasks.queuedTasks),
    launchedTasks: wire(tasks.launchedTasks),
    terminatedTasks: wire(tasks.terminatedTasks),
    completedTasks: wire(tasks.completedTasks),
  };
}

function executorsToWire(ids: IdTexts, executors: AgentExecutors) {
  const wire = (list: AgentExecutors['executors']) =>
    list.map((executor) => ({ executorInfo: executorToWire(ids, executor, 'endpoint', null) }));
  return { executors: wire(executors.executors), completedExecutors: wire(executors.completedExecutors) };
}

function frameworksToWire(ids: IdTexts, frameworks: AgentFrameworks) {
  const wire = (list: AgentFrameworks['frameworks']) =>
    list.map((info) => ({ frameworkInfo: frameworkInfoToWire(ids, info) }));
  return {
    frameworks: wire(frameworks.frameworks),
    completedFrameworks: wire(frameworks.completedFrameworks),
  };
}

function containerToWire(
  ids: IdTexts,
  container: ContainerRecord,
): MessageInitShape<typeof Response_GetContainers_ContainerSchema> {
  const { frameworkId, executorId, executorName, containerStatus, resourceStatistics } = container;
  return {
    ...(frameworkId === null ? {} : { frameworkId: { value: ids.frameworkText(frameworkId) } }),
    ...(executorId === null ? {} : { executorId: { value: ids.executorText(executorId) } }),
    ...(executorName === null ? {} : { executorName }),
    containerId: containerIdToWire(container.containerId),
    ...(containerStatus === null ? {} : { containerStatus: containerStatusToWire(containerStatus) }),
    ...(resourceStatistics === null ? {} : { resourceStatistics: statisticsToWire(resourceStatistics) }),
  };
}

function terminationToWire({ exitStatus, state, reason, limitation, message }: ContainerTermination) {
  return {
    ...(exitStatus === null ? {} : { exitStatus }),
    ...(state === null ? {} : { state: TaskState[state] }),
    ...(reason === null ? {} : { reason: STATUS_REASON_NUMBERS[reason] }),
    ...(limitation === null
      ? {}
      : { limitation: { resources: resourcesToWire(limitation, 'endpoint', null) } }),
    ...(message === null ? {} : { message }),
  };
}

/** An agent's answer. */
export function agentResponseToWire(
  ids: IdTexts,
  response: AgentApiResponse,
): MessageInitShape<typeof ResponseSchema> {
  const type = Response_Type[response.type];
  if (isProcessResponse(response)) {
    // The messages of master and agent about the process are the same but for their names.
    return { type, ...processResponseToWire(response) } as MessageInitShape<typeof ResponseSchema>;
  }
  switch (response.type) {
    case 'GET_STATE':
      return {
        type,
        getState: {
          getTasks: tasksToWire(ids, response.getTasks),
          getExecutors: executorsToWire(ids, response.getExecutors),
          getFrameworks: frameworksToWire(ids, response.getFrameworks),
        },
      };
    case 'GET_CONTAINERS':
      return {
        type,
        getContainers: { containers: response.containers.map((one) => containerToWire(ids, one)) },
      };
    case 'GET_FRAMEWORKS':
      return { type, getFrameworks: frameworksToWire(ids, response) };
    case 'GET_EXECUTORS':
      return { type, getExecutors: executorsToWire(ids, response) };
    case 'GET_OPERATIONS':
      return {
        type,
        getOperations: { operations: response.operations.map((one) => operationRecordToWire(ids, one)) },
      };
    case 'GET_TASKS':
      return { type, getTasks: tasksToWire(ids, response) };
    case 'GET_AGENT': {
      const { drainConfig, estimatedDrainStartTime: start } = response;
      return {
        type,
        getAgent: {
          agentInfo: agentInfoToWire(ids, response.agentInfo),
          ...(drainConfig === null ? {} : { drainConfig: drainConfigToWire(drainConfig) }),
          ...(start === null ? {} : { estimatedDrainStartTime: { nanoseconds: microsToNanos(start) } }),
        },
      };
    }
    case 'GET_RESOURCE_PROVIDERS':
      return {
        type,
        getResourceProviders: {
          resourceProviders: response.resourceProviders.map(({ resourceProviderInfo, totalResources }) => ({
            resourceProviderInfo: providerToWire(resourceProviderInfo),
            totalResources: resourcesToWire(totalResources, 'endpoint', null),
          })),
        },
      };
    case 'WAIT_NESTED_CONTAINER':
      return { type, waitNestedContainer: terminationToWire(response) };
    case 'WAIT_CONTAINER':
      return { type, waitContainer: terminationToWire(response) };
  }
}

function tasksFromWire(ids: IdTexts, tasks: Response_GetTasksValid): AgentTasks {
  const read = (list: Response_GetTasksValid['pendingTasks'], name: string) =>
    list.map((task, index) => taskRecordFromWire(ids, task, `${name}[${index}]`));
  return {
    pendingTasks: read(tasks.pendingTasks, 'pending_tasks'),
    queuedTasks: read(tasks.queuedTasks, 'queued_tasks'),
    launchedTasks: read(tasks.launchedTasks, 'launched_tasks'),
    terminatedTasks: read(tasks.terminatedTasks, 'terminated_tasks'),
    completedTasks: read(tasks.completedTasks, 'completed_tasks'),
  };
}

function executorsFromWire(ids: IdTexts, executors: Response_GetExecutorsValid): AgentExecutors {
  const read = (list: Response_GetExecutorsValid['executors'], name: string) =>
    list.map(({ executorInfo }, index) => executorFromWire(ids, executorInfo, `${name}[${index}]`));
  return {
    executors: read(executors.executors, 'executors'),
    completedExecutors: read(executors.completedExecutors, 'completed_executors'),
  };
}

function frameworksFromWire(ids: IdTexts, frameworks: Response_GetFrameworksValid): AgentFrameworks {
  const read = (list: Response_GetFrameworksValid['frameworks'], name: string) =>
    list.map(({ frameworkInfo }, index) => frameworkInfoFromWire(ids, frameworkInfo, `${name}[${index}]`));
  return {
    frameworks: read(frameworks.frameworks, 'frameworks'),
    completedFrameworks: read(frameworks.completedFrameworks, 'completed_frameworks'),
  };
}

function containerFromWire(ids: IdTexts, container: Response_GetContainers_ContainerValid): ContainerRecord {
  const { frameworkId, executorId, resourceStatistics } = container;
  return {
    frameworkId: frameworkId === undefined ? null : ids.framework(frameworkId.value),
    executorId: executorId === undefined ? null : ids.executor(executorId.value),
    executorName: own(container, 'executorName'),
    containerId: containerIdFromWire(container.containerId),
    containerStatus: containerStatusFromWire(container.containerStatus),
    resourceStatistics: resourceStatistics === undefined ? null : statisticsFromWire(resourceStatistics),
  };
}

function terminationFromWire(wait: Omit<Response_WaitContainerValid, '$typeName'>): ContainerTermination {
  const state = own(wait, 'state');
  const reason = own(wait, 'reason');
  return {
    exitStatus: own(wait, 'exitStatus'),
    state: state === null ? null : taskStateName(state),
    reason: reason === null ? null : statusReasonName(reason),
    limitation:
      wait.limitation === undefined
        ? null
        : resourcesFromWire(wait.limitation.resources, 'limitation.resources'),
    message: own(wait, 'message'),
  };
}

/** For clients. */
export function agentResponseFromWire(ids: IdTexts, response: ResponseValid): AgentApiResponse {
  const type = responseType(own(response, 'type') ?? Response_Type.UNKNOWN);
  switch (type) {
    case 'UNKNOWN':
      throw new WireError('type', 'a response of a kind that this version does not know');
    case 'GET_STATE': {
      const state = present(response.getState, 'get_state');
      return {
        type,
        getTasks: tasksFromWire(ids, present(state.getTasks, 'get_tasks')),
        getExecutors: executorsFromWire(ids, present(state.getExecutors, 'get_executors')),
        getFrameworks: frameworksFromWire(ids, present(state.getFrameworks, 'get_frameworks')),
      };
    }
    case 'GET_CONTAINERS': {
      const { containers } = present(response.getContainers, 'get_containers');
      return { type, containers: containers.map((one) => containerFromWire(ids, one)) };
    }
    case 'GET_FRAMEWORKS':
      return { type, ...frameworksFromWire(ids, present(response.getFrameworks, 'get_frameworks')) };
    case 'GET_EXECUTORS':
      return { type, ...executorsFromWire(ids, present(response.getExecutors, 'get_executors')) };
    case 'GET_OPERATIONS': {
      const { operations } = present(response.getOperations, 'get_operations');
      return {
        type,
        operations: operations.map((one, index) => operationRecordFromWire(ids, one, `operations[${index}]`)),
      };
    }
    case 'GET_TASKS':
      return { type, ...tasksFromWire(ids, present(response.getTasks, 'get_tasks')) };
    case 'GET_AGENT': {
      const { agentInfo, drainConfig, estimatedDrainStartTime } = present(response.getAgent, 'get_agent');
      const info = present(agentInfo, 'get_agent.agent_info');
      return {
        type,
        agentInfo: agentInfoFromWire(ids, info, UNKNOWN_EXTRAS, 'get_agent.agent_info'),
        drainConfig: drainConfig === undefined ? null : drainConfigFromWire(drainConfig, 'drain_config'),
        estimatedDrainStartTime:
          estimatedDrainStartTime === undefined
            ? null
            : nanosToMicros(estimatedDrainStartTime.nanoseconds, 'estimated_drain_start_time'),
      };
    }
    case 'GET_RESOURCE_PROVIDERS': {
      const { resourceProviders } = present(response.getResourceProviders, 'get_resource_providers');
      return {
        type,
        resourceProviders: resourceProviders.map(({ resourceProviderInfo, totalResources }) => ({
          resourceProviderInfo: providerFromWire(resourceProviderInfo, 'resource_providers'),
          totalResources: resourcesFromWire(totalResources, 'resource_providers.total_resources'),
        })),
      };
    }
    case 'WAIT_NESTED_CONTAINER':
      return { type, ...terminationFromWire(present(response.waitNestedContainer, 'wait_nested_container')) };
    case 'WAIT_CONTAINER':
      return { type, ...terminationFromWire(present(response.waitContainer, 'wait_container')) };
    default:
      return processResponseFromWire(type, response);
  }
}
