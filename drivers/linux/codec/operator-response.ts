import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MasterEpoch } from '../../../engine/core/index.ts';
import type {
  AgentInfo,
  ClusterAgents,
  ClusterExecutors,
  ClusterFrameworks,
  ClusterState,
  ClusterTasks,
  OperatorResponse,
} from '../../../engine/protocol/index.ts';
import {
  Response_Type,
  type Response_GetAgentsSchema,
  type Response_GetAgentsValid,
  type Response_GetExecutorsSchema,
  type Response_GetExecutorsValid,
  type Response_GetFrameworksSchema,
  type Response_GetFrameworksValid,
  type Response_GetStateSchema,
  type Response_GetStateValid,
  type Response_GetTasksSchema,
  type Response_GetTasksValid,
  type ResponseSchema,
  type ResponseValid,
} from '../proto/generated/mesos/v1/master/master_pb.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { WireError } from './message/wire-error.ts';
import { agentInfoFromWire, agentInfoToWire } from './parts/agent-info.ts';
import { agentStatusFromWire, agentStatusToWire } from './parts/agent-status.ts';
import { frameworkStatusFromWire, frameworkStatusToWire } from './parts/framework-status.ts';
import {
  maintenanceStatusFromWire,
  maintenanceStatusToWire,
  scheduleFromWire,
  scheduleToWire,
} from './parts/maintenance.ts';
import { type MasterAddress, masterInfoFromWire, masterInfoToWire } from './parts/master-info.ts';
import { namesOf, own, present, secondsField } from './parts/presence.ts';
import {
  isProcessResponse,
  processResponseFromWire,
  processResponseToWire,
} from './parts/process-response.ts';
import { quotaStatusFromWire, quotaStatusToWire } from './parts/quota.ts';
import { resourcesFromWire, resourcesToWire } from './parts/resources.ts';
import { executorFromWire, executorToWire } from './parts/task-info.ts';
import {
  operationRecordFromWire,
  operationRecordToWire,
  taskRecordFromWire,
  taskRecordToWire,
} from './parts/task-record.ts';
import { microsToSeconds } from '../../../engine/core/index.ts';

const responseType = namesOf(Response_Type);

export function tasksToWire(
  ids: IdTexts,
  tasks: ClusterTasks,
): MessageInitShape<typeof Response_GetTasksSchema> {
  return {
    tasks: tasks.tasks.map((task) => taskRecordToWire(ids, task)),
    unreachableTasks: tasks.unreachableTasks.map((task) => taskRecordToWire(ids, task)),
    completedTasks: tasks.completedTasks.map((task) => taskRecordToWire(ids, task)),
  };
}

function agentsToWire(
  ids: IdTexts,
  agents: ClusterAgents,
): MessageInitShape<typeof Response_GetAgentsSchema> {
  return {
    agents: agents.agents.map((agent) => agentStatusToWire(ids, agent)),
    recoveredAgents: agents.recoveredAgents.map((info) => agentInfoToWire(ids, info)),
  };
}

function frameworksToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  frameworks: ClusterFrameworks,
): MessageInitShape<typeof Response_GetFrameworksSchema> {
  return {
    frameworks: frameworks.frameworks.map((one) => frameworkStatusToWire(ids, epoch, one)),
    completedFrameworks: frameworks.completedFrameworks.map((one) => frameworkStatusToWire(ids, epoch, one)),
  };
}

function executorsToWire(
  ids: IdTexts,
  executors: ClusterExecutors,
): MessageInitShape<typeof Response_GetExecutorsSchema> {
  return {
    executors: executors.executors.map(({ executorInfo, agentId }) => ({
      executorInfo: executorToWire(ids, executorInfo, 'endpoint', null),
      agentId: { value: ids.agentText(agentId) },
    })),
  };
}

export function stateToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  state: ClusterState,
): MessageInitShape<typeof Response_GetStateSchema> {
  return {
    getTasks: tasksToWire(ids, state.getTasks),
    getExecutors: executorsToWire(ids, state.getExecutors),
    getFrameworks: frameworksToWire(ids, epoch, state.getFrameworks),
    getAgents: agentsToWire(ids, state.getAgents),
  };
}

/** The master's answer to a query. */
export function operatorResponseToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  address: MasterAddress,
  response: OperatorResponse,
): MessageInitShape<typeof ResponseSchema> {
  const type = Response_Type[response.type];
  if (isProcessResponse(response)) return { type, ...processResponseToWire(response) };
  switch (response.type) {
    case 'GET_STATE':
      return { type, getState: stateToWire(ids, epoch, response) };
    case 'GET_AGENTS':
      return { type, getAgents: agentsToWire(ids, response) };
    case 'GET_FRAMEWORKS':
      return { type, getFrameworks: frameworksToWire(ids, epoch, response) };
    case 'GET_EXECUTORS':
      return { type, getExecutors: executorsToWire(ids, response) };
    case 'GET_OPERATIONS':
      return {
        type,
        getOperations: { operations: response.operations.map((one) => operationRecordToWire(ids, one)) },
      };
    case 'GET_TASKS':
      return { type, getTasks: tasksToWire(ids, response) };
    case 'GET_ROLES':
      return {
        type,
        getRoles: {
          roles: response.roles.map(({ name, weight, frameworks, resources }) => ({
            name,
            weight,
            frameworks: frameworks.map((id) => ({ value: ids.frameworkText(id) })),
            resources: resourcesToWire(resources, 'endpoint', null),
          })),
        },
      };
    case 'GET_WEIGHTS':
      return { type, getWeights: { weightInfos: response.weightInfos.map((info) => ({ ...info })) } };
    case 'GET_MASTER':
      return {
        type,
        getMaster: {
          masterInfo: masterInfoToWire(ids, response.masterInfo.epoch, address),
          startTime: microsToSeconds(response.startTime),
          electedTime: microsToSeconds(response.electedTime),
        },
      };
    case 'GET_MAINTENANCE_STATUS':
      return { type, getMaintenanceStatus: { status: maintenanceStatusToWire(ids, response.status) } };
    case 'GET_MAINTENANCE_SCHEDULE':
      return { type, getMaintenanceSchedule: { schedule: scheduleToWire(response.schedule) } };
    case 'GET_QUOTA':
      return { type, getQuota: { status: quotaStatusToWire(response.status) } };
  }
}

function tasksFromWire(ids: IdTexts, tasks: Response_GetTasksValid): ClusterTasks {
  return {
    tasks: tasks.tasks.map((task, index) => taskRecordFromWire(ids, task, `tasks[${index}]`)),
    unreachableTasks: tasks.unreachableTasks.map((task, index) =>
      taskRecordFromWire(ids, task, `unreachable_tasks[${index}]`),
    ),
    completedTasks: tasks.completedTasks.map((task, index) =>
      taskRecordFromWire(ids, task, `completed_tasks[${index}]`),
    ),
  };
}

const UNKNOWN_EXTRAS = { ip: null, capabilities: [], version: '' };

function agentsFromWire(ids: IdTexts, agents: Response_GetAgentsValid): ClusterAgents {
  return {
    agents: agents.agents.map((agent, index) => agentStatusFromWire(ids, agent, `agents[${index}]`)),
    recoveredAgents: agents.recoveredAgents.map(
      (info, index): AgentInfo => agentInfoFromWire(ids, info, UNKNOWN_EXTRAS, `recovered_agents[${index}]`),
    ),
  };
}

function frameworksFromWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  frameworks: Response_GetFrameworksValid,
): ClusterFrameworks {
  return {
    frameworks: frameworks.frameworks.map((one, index) =>
      frameworkStatusFromWire(ids, epoch, one, `frameworks[${index}]`),
    ),
    completedFrameworks: frameworks.completedFrameworks.map((one, index) =>
      frameworkStatusFromWire(ids, epoch, one, `completed_frameworks[${index}]`),
    ),
  };
}

function executorsFromWire(ids: IdTexts, executors: Response_GetExecutorsValid): ClusterExecutors {
  return {
    executors: executors.executors.map(({ executorInfo, agentId }, index) => ({
      executorInfo: executorFromWire(ids, executorInfo, `executors[${index}].executor_info`),
      agentId: ids.agent(agentId.value),
    })),
  };
}

export function stateFromWire(ids: IdTexts, epoch: MasterEpoch, state: Response_GetStateValid): ClusterState {
  return {
    getTasks: tasksFromWire(ids, present(state.getTasks, 'get_tasks')),
    getExecutors: executorsFromWire(ids, present(state.getExecutors, 'get_executors')),
    getFrameworks: frameworksFromWire(ids, epoch, present(state.getFrameworks, 'get_frameworks')),
    getAgents: agentsFromWire(ids, present(state.getAgents, 'get_agents')),
  };
}

/** For clients. */
export function operatorResponseFromWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  response: ResponseValid,
): OperatorResponse {
  const type = responseType(own(response, 'type') ?? Response_Type.UNKNOWN);
  switch (type) {
    case 'UNKNOWN':
      throw new WireError('type', 'a response of a kind that this version does not know');
    case 'GET_STATE':
      return { type, ...stateFromWire(ids, epoch, present(response.getState, 'get_state')) };
    case 'GET_AGENTS':
      return { type, ...agentsFromWire(ids, present(response.getAgents, 'get_agents')) };
    case 'GET_FRAMEWORKS':
      return { type, ...frameworksFromWire(ids, epoch, present(response.getFrameworks, 'get_frameworks')) };
    case 'GET_EXECUTORS':
      return { type, ...executorsFromWire(ids, present(response.getExecutors, 'get_executors')) };
    case 'GET_OPERATIONS':
      return {
        type,
        operations: present(response.getOperations, 'get_operations').operations.map((one, index) =>
          operationRecordFromWire(ids, one, `operations[${index}]`),
        ),
      };
    case 'GET_TASKS':
      return { type, ...tasksFromWire(ids, present(response.getTasks, 'get_tasks')) };
    case 'GET_ROLES':
      return {
        type,
        roles: present(response.getRoles, 'get_roles').roles.map((role, index) => ({
          name: role.name,
          weight: role.weight,
          frameworks: role.frameworks.map(({ value }) => ids.framework(value)),
          resources: resourcesFromWire(role.resources, `roles[${index}].resources`),
        })),
      };
    case 'GET_WEIGHTS':
      return {
        type,
        weightInfos: present(response.getWeights, 'get_weights').weightInfos.map(({ role, weight }) => ({
          role,
          weight,
        })),
      };
    case 'GET_MASTER': {
      const { masterInfo, startTime, electedTime } = present(response.getMaster, 'get_master');
      return {
        type,
        masterInfo: masterInfoFromWire(present(masterInfo, 'get_master.master_info')),
        startTime: secondsField(startTime, 'get_master.start_time'),
        electedTime: secondsField(electedTime, 'get_master.elected_time'),
      };
    }
    case 'GET_MAINTENANCE_STATUS': {
      const { status } = present(response.getMaintenanceStatus, 'get_maintenance_status');
      return { type, status: maintenanceStatusFromWire(ids, status, 'status') };
    }
    case 'GET_MAINTENANCE_SCHEDULE': {
      const { schedule } = present(response.getMaintenanceSchedule, 'get_maintenance_schedule');
      return { type, schedule: scheduleFromWire(schedule, 'schedule') };
    }
    case 'GET_QUOTA':
      return { type, status: quotaStatusFromWire(present(response.getQuota, 'get_quota').status) };
    default:
      return processResponseFromWire(type, response);
  }
}
