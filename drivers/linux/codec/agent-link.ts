import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AgentId, assertNever, type FrameworkId, type UpdateId } from '../../../engine/core/index.ts';
import type {
  AgentInfo,
  AgentToMaster,
  MasterToAgent,
  OfferOperation,
  OperationStatus,
  ReportedTask,
  ResourceOfferOperation,
} from '../../../engine/protocol/index.ts';
import { type Offer_OperationValid, TaskState } from '../proto/generated/mesos/v1/mesos_pb.ts';
import {
  type AgentRecordSchema,
  type AgentRecordValid,
  type AgentSchema,
  type AgentValid,
  type MasterRecordSchema,
  type MasterRecordValid,
  type ReportedTaskSchema,
  type ReportedTaskValid,
} from '../proto/generated/orrery/agent_link_pb.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { updateOfUuid, updateUuid } from './ids/update-uuid.ts';
import { WireError } from './message/wire-error.ts';
import {
  agentCapabilitiesFromWire,
  agentCapabilitiesToWire,
  agentInfoFromWire,
  agentInfoToWire,
} from './parts/agent-info.ts';
import { drainConfigFromWire, drainConfigToWire } from './parts/drain.ts';
import { frameworkInfoFromWire, frameworkInfoToWire } from './parts/framework-info.ts';
import {
  operationFromWire,
  operationStatusFromWire,
  operationStatusToWire,
  operationToWire,
} from './parts/operation.ts';
import { count, own } from './parts/presence.ts';
import { resourcesFromWire, resourcesToWire } from './parts/resources.ts';
import {
  executorFromWire,
  executorToWire,
  killPolicyFromWire,
  killPolicyToWire,
  taskFromWire,
  taskToWire,
} from './parts/task-info.ts';
import { statusFromWire, statusToWire, taskStateName } from './parts/task-status.ts';

/** What comes over a link beside the engine's messages (drivers/linux/http/README.md). */
export type FromAgent = AgentToMaster | { readonly type: 'PONG'; readonly round: number };
export type FromMaster = MasterToAgent | { readonly type: 'PING'; readonly round: number };

type AgentInit = MessageInitShape<typeof AgentRecordSchema>;
type MasterInit = MessageInitShape<typeof MasterRecordSchema>;

function agentToWire(ids: IdTexts, info: AgentInfo): MessageInitShape<typeof AgentSchema> {
  return {
    info: agentInfoToWire(ids, info),
    capabilities: agentCapabilitiesToWire(info.capabilities),
    version: info.version,
    ...(info.ip === null ? {} : { ip: info.ip }),
  };
}

function agentFromWire(ids: IdTexts, agent: AgentValid, path: string): AgentInfo {
  const extras = {
    ip: own(agent, 'ip'),
    capabilities: agentCapabilitiesFromWire(agent.capabilities),
    version: agent.version,
  };
  return agentInfoFromWire(ids, agent.info, extras, `${path}.info`);
}

const framework = (ids: IdTexts, id: FrameworkId) => ({ value: ids.frameworkText(id) });
const frameworkOrNone = (ids: IdTexts, id: FrameworkId | null) =>
  id === null ? {} : { frameworkId: framework(ids, id) };

function reportedTaskToWire(ids: IdTexts, task: ReportedTask): MessageInitShape<typeof ReportedTaskSchema> {
  return {
    frameworkId: framework(ids, task.frameworkId),
    task: taskToWire(ids, task.task, 'post', null),
    role: task.role,
    executorId: { value: ids.executorText(task.executorId) },
    state: TaskState[task.state],
    ...(task.statusUpdateState === null ? {} : { statusUpdateState: TaskState[task.statusUpdateState] }),
    ...(task.statusUpdateUuid === null ? {} : { statusUpdateUuid: BigInt(task.statusUpdateUuid) }),
  };
}

function reportedTaskFromWire(ids: IdTexts, task: ReportedTaskValid, path: string): ReportedTask {
  const state = own(task, 'statusUpdateState');
  const uuid = own(task, 'statusUpdateUuid');
  return {
    frameworkId: ids.framework(task.frameworkId.value),
    task: taskFromWire(ids, task.task, `${path}.task`),
    role: task.role,
    executorId: ids.executor(task.executorId.value),
    state: taskStateName(task.state),
    statusUpdateState: state === null ? null : taskStateName(state),
    statusUpdateUuid: uuid === null ? null : (count(uuid, `${path}.status_update_uuid`) as UpdateId),
  };
}

function resourceOperation(
  ids: IdTexts,
  operation: Offer_OperationValid,
  path: string,
): ResourceOfferOperation {
  const read: OfferOperation | null = operationFromWire(ids, operation, path);
  if (read === null || read.type === 'LAUNCH' || read.type === 'LAUNCH_GROUP') {
    throw new WireError(path, 'expected an operation on resources');
  }
  return read;
}

/** The status of an operation on an agent's own link: its uuid is a count of that agent, whether or not the status names the agent. */
function linkStatusToWire(ids: IdTexts, status: OperationStatus) {
  return operationStatusToWire(ids, status, 0 as AgentId);
}

function linkStatusFromWire(
  ids: IdTexts,
  status: Parameters<typeof operationStatusFromWire>[1],
  path: string,
) {
  const read = operationStatusFromWire(ids, status, path);
  return {
    ...read,
    uuid: status.uuid === undefined ? null : updateOfUuid(0 as AgentId, status.uuid.value),
  };
}

/** A record from an agent. Throws WireError. */
export function agentRecordFromWire(ids: IdTexts, { record }: AgentRecordValid): FromAgent {
  switch (record.case) {
    case 'pong':
      return { type: 'PONG', round: record.value.round };
    case 'registerAgent':
      return { type: 'REGISTER_AGENT', info: agentFromWire(ids, record.value.agent, 'register_agent.agent') };
    case 'reregisterAgent': {
      const { agent, tasks, executors, operations, frameworks } = record.value;
      const info = agentFromWire(ids, agent, 'reregister_agent.agent');
      if (info.id === null) throw new WireError('reregister_agent.agent.info.id', 'required, and missing');
      return {
        type: 'REREGISTER_AGENT',
        info,
        tasks: tasks.map((task, index) =>
          reportedTaskFromWire(ids, task, `reregister_agent.tasks[${index}]`),
        ),
        executors: executors.map(({ frameworkId, executor, role }, index) => ({
          frameworkId: ids.framework(frameworkId.value),
          executor: executorFromWire(ids, executor, `reregister_agent.executors[${index}].executor`),
          role,
        })),
        operations: operations.map(({ operationUuid, frameworkId, info: made, latestStatus }, index) => {
          const path = `reregister_agent.operations[${index}]`;
          return {
            operationUuid: count(operationUuid, path) as never,
            frameworkId: frameworkId === undefined ? null : ids.framework(frameworkId.value),
            info: resourceOperation(ids, made, `${path}.info`),
            latestStatus: linkStatusFromWire(ids, latestStatus, `${path}.latest_status`),
          };
        }),
        frameworks: frameworks.map((message, index) => {
          const path = `reregister_agent.frameworks[${index}]`;
          const frameworkInfo = frameworkInfoFromWire(ids, message, path);
          if (frameworkInfo.id === null) throw new WireError(`${path}.id`, 'required, and missing');
          return { id: frameworkInfo.id, info: frameworkInfo };
        }),
      };
    }
    case 'unregisterAgent':
      return { type: 'UNREGISTER_AGENT', agentId: ids.agent(record.value.agentId.value) };
    case 'updateAgent': {
      const { agentId, oversubscribed } = record.value;
      return {
        type: 'UPDATE_AGENT',
        agentId: ids.agent(agentId.value),
        oversubscribed: resourcesFromWire(oversubscribed, 'update_agent.oversubscribed'),
      };
    }
    case 'statusUpdate': {
      const { agentId, frameworkId, status, latestState } = record.value;
      const agent = ids.agent(agentId.value);
      return {
        type: 'STATUS_UPDATE',
        agentId: agent,
        frameworkId: ids.framework(frameworkId.value),
        status: statusFromWire(ids, status, 'status_update.status', undefined, (_, bytes) =>
          updateOfUuid(agent, bytes),
        ),
        latestState: taskStateName(latestState),
      };
    }
    case 'updateOperationStatus': {
      const { agentId, frameworkId, operationUuid, status } = record.value;
      return {
        type: 'UPDATE_OPERATION_STATUS',
        agentId: ids.agent(agentId.value),
        frameworkId: frameworkId === undefined ? null : ids.framework(frameworkId.value),
        operationUuid: count(operationUuid, 'update_operation_status.operation_uuid') as never,
        status: linkStatusFromWire(ids, status, 'update_operation_status.status'),
      };
    }
    case 'exitedExecutor': {
      const { agentId, frameworkId, executorId } = record.value;
      return {
        type: 'EXITED_EXECUTOR',
        agentId: ids.agent(agentId.value),
        frameworkId: ids.framework(frameworkId.value),
        executorId: ids.executor(executorId.value),
        status: own(record.value, 'status'),
      };
    }
    case 'executorToFramework': {
      const { agentId, frameworkId, executorId, data } = record.value;
      return {
        type: 'EXECUTOR_TO_FRAMEWORK',
        agentId: ids.agent(agentId.value),
        frameworkId: ids.framework(frameworkId.value),
        executorId: ids.executor(executorId.value),
        data,
      };
    }
    case undefined:
      throw new WireError('', 'a record of a kind that this version does not know');
    default:
      return assertNever(record);
  }
}

export function agentRecordToWire(ids: IdTexts, message: FromAgent): AgentInit {
  switch (message.type) {
    case 'PONG':
      return { record: { case: 'pong', value: { round: message.round } } };
    case 'REGISTER_AGENT':
      return { record: { case: 'registerAgent', value: { agent: agentToWire(ids, message.info) } } };
    case 'REREGISTER_AGENT':
      return {
        record: {
          case: 'reregisterAgent',
          value: {
            agent: agentToWire(ids, message.info),
            tasks: message.tasks.map((task) => reportedTaskToWire(ids, task)),
            executors: message.executors.map(({ frameworkId, executor, role }) => ({
              frameworkId: framework(ids, frameworkId),
              executor: executorToWire(ids, executor, 'post', null),
              role,
            })),
            operations: message.operations.map(({ operationUuid, frameworkId, info, latestStatus }) => ({
              operationUuid: BigInt(operationUuid),
              ...frameworkOrNone(ids, frameworkId),
              info: operationToWire(ids, info, 'post', null),
              latestStatus: linkStatusToWire(ids, latestStatus),
            })),
            frameworks: message.frameworks.map(({ id, info }) => frameworkInfoToWire(ids, { ...info, id })),
          },
        },
      };
    case 'UNREGISTER_AGENT':
      return {
        record: { case: 'unregisterAgent', value: { agentId: { value: ids.agentText(message.agentId) } } },
      };
    case 'UPDATE_AGENT':
      return {
        record: {
          case: 'updateAgent',
          value: {
            agentId: { value: ids.agentText(message.agentId) },
            oversubscribed: resourcesToWire(message.oversubscribed, 'post', null),
          },
        },
      };
    case 'STATUS_UPDATE':
      return {
        record: {
          case: 'statusUpdate',
          value: {
            agentId: { value: ids.agentText(message.agentId) },
            frameworkId: framework(ids, message.frameworkId),
            status: statusToWire(ids, message.status, (_, uuid) => updateUuid(message.agentId, uuid)),
            latestState: TaskState[message.latestState],
          },
        },
      };
    case 'UPDATE_OPERATION_STATUS':
      return {
        record: {
          case: 'updateOperationStatus',
          value: {
            agentId: { value: ids.agentText(message.agentId) },
            ...frameworkOrNone(ids, message.frameworkId),
            operationUuid: BigInt(message.operationUuid),
            status: linkStatusToWire(ids, message.status),
          },
        },
      };
    case 'EXITED_EXECUTOR':
      return {
        record: {
          case: 'exitedExecutor',
          value: {
            agentId: { value: ids.agentText(message.agentId) },
            frameworkId: framework(ids, message.frameworkId),
            executorId: { value: ids.executorText(message.executorId) },
            ...(message.status === null ? {} : { status: message.status }),
          },
        },
      };
    case 'EXECUTOR_TO_FRAMEWORK':
      return {
        record: {
          case: 'executorToFramework',
          value: {
            agentId: { value: ids.agentText(message.agentId) },
            frameworkId: framework(ids, message.frameworkId),
            executorId: { value: ids.executorText(message.executorId) },
            data: message.data,
          },
        },
      };
    default:
      return assertNever(message);
  }
}

/** A record from the master. Throws WireError. */
export function masterRecordFromWire(ids: IdTexts, { record }: MasterRecordValid): FromMaster {
  switch (record.case) {
    case 'ping':
      return { type: 'PING', round: record.value.round };
    case 'agentRegistered':
      return { type: 'AGENT_REGISTERED', agentId: ids.agent(record.value.agentId.value) };
    case 'agentReregistered': {
      const { agentId, unreported, unreportedOperations } = record.value;
      return {
        type: 'AGENT_REREGISTERED',
        agentId: ids.agent(agentId.value),
        unreported: unreported.map((task) => ({
          frameworkId: ids.framework(task.frameworkId.value),
          taskId: ids.task(task.taskId.value),
          partitionAware: task.partitionAware,
        })),
        unreportedOperations: unreportedOperations.map(({ frameworkId, operationUuid, operationId }) => ({
          frameworkId: frameworkId === undefined ? null : ids.framework(frameworkId.value),
          operationUuid: count(operationUuid, 'agent_reregistered.unreported_operations') as never,
          operationId: operationId === undefined ? null : operationId.value,
        })),
      };
    }
    case 'runTask': {
      const { frameworkId, framework: info, role, task, launchExecutor } = record.value;
      return {
        type: 'RUN_TASK',
        frameworkId: ids.framework(frameworkId.value),
        framework: frameworkInfoFromWire(ids, info, 'run_task.framework'),
        role,
        task: taskFromWire(ids, task, 'run_task.task'),
        launchExecutor,
      };
    }
    case 'runTaskGroup': {
      const { frameworkId, framework: info, role, executor, tasks, launchExecutor } = record.value;
      return {
        type: 'RUN_TASK_GROUP',
        frameworkId: ids.framework(frameworkId.value),
        framework: frameworkInfoFromWire(ids, info, 'run_task_group.framework'),
        role,
        executor: executorFromWire(ids, executor, 'run_task_group.executor'),
        tasks: tasks.map((task, index) => taskFromWire(ids, task, `run_task_group.tasks[${index}]`)),
        launchExecutor,
      };
    }
    case 'killTask': {
      const { frameworkId, taskId, killPolicy } = record.value;
      return {
        type: 'KILL_TASK',
        frameworkId: ids.framework(frameworkId.value),
        taskId: ids.task(taskId.value),
        killPolicy: killPolicyFromWire(killPolicy, 'kill_task.kill_policy'),
      };
    }
    case 'statusUpdateAcknowledgement': {
      const { frameworkId, taskId, uuid } = record.value;
      return {
        type: 'STATUS_UPDATE_ACKNOWLEDGEMENT',
        frameworkId: ids.framework(frameworkId.value),
        taskId: ids.task(taskId.value),
        uuid: count(uuid, 'status_update_acknowledgement.uuid') as UpdateId,
      };
    }
    case 'shutdownFramework':
      return { type: 'SHUTDOWN_FRAMEWORK', frameworkId: ids.framework(record.value.frameworkId.value) };
    case 'shutdownExecutor': {
      const { frameworkId, executorId } = record.value;
      return {
        type: 'SHUTDOWN_EXECUTOR',
        frameworkId: ids.framework(frameworkId.value),
        executorId: ids.executor(executorId.value),
      };
    }
    case 'updateFramework': {
      const { frameworkId, info } = record.value;
      return {
        type: 'UPDATE_FRAMEWORK',
        frameworkId: ids.framework(frameworkId.value),
        info: frameworkInfoFromWire(ids, info, 'update_framework.info'),
      };
    }
    case 'frameworkToExecutor': {
      const { frameworkId, executorId, data } = record.value;
      return {
        type: 'FRAMEWORK_TO_EXECUTOR',
        frameworkId: ids.framework(frameworkId.value),
        executorId: ids.executor(executorId.value),
        data,
      };
    }
    case 'applyOperation': {
      const { frameworkId, operationUuid, info } = record.value;
      return {
        type: 'APPLY_OPERATION',
        frameworkId: frameworkId === undefined ? null : ids.framework(frameworkId.value),
        operationUuid: count(operationUuid, 'apply_operation.operation_uuid') as never,
        info: resourceOperation(ids, info, 'apply_operation.info'),
      };
    }
    case 'acknowledgeOperationStatus':
      return {
        type: 'ACKNOWLEDGE_OPERATION_STATUS',
        operationUuid: count(record.value.operationUuid, 'acknowledge_operation_status') as never,
        uuid: count(record.value.uuid, 'acknowledge_operation_status.uuid') as UpdateId,
      };
    case 'drainAgent': {
      const { config, inWaves, tasks } = record.value;
      return {
        type: 'DRAIN_AGENT',
        config: drainConfigFromWire(config, 'drain_agent.config'),
        tasks: inWaves
          ? tasks.map(({ frameworkId, taskId }) => ({
              frameworkId: ids.framework(frameworkId.value),
              taskId: ids.task(taskId.value),
            }))
          : null,
      };
    }
    case 'stopDraining':
      return { type: 'STOP_DRAINING' };
    case 'checkpointResources':
      return {
        type: 'CHECKPOINT_RESOURCES',
        resources: resourcesFromWire(record.value.resources, 'checkpoint_resources.resources'),
      };
    case 'shutdown':
      return { type: 'SHUTDOWN', message: record.value.message };
    case undefined:
      throw new WireError('', 'a record of a kind that this version does not know');
    default:
      return assertNever(record);
  }
}

export function masterRecordToWire(ids: IdTexts, message: FromMaster): MasterInit {
  switch (message.type) {
    case 'PING':
      return { record: { case: 'ping', value: { round: message.round } } };
    case 'AGENT_REGISTERED':
      return {
        record: { case: 'agentRegistered', value: { agentId: { value: ids.agentText(message.agentId) } } },
      };
    case 'AGENT_REREGISTERED':
      return {
        record: {
          case: 'agentReregistered',
          value: {
            agentId: { value: ids.agentText(message.agentId) },
            unreported: message.unreported.map(({ frameworkId, taskId, partitionAware }) => ({
              frameworkId: framework(ids, frameworkId),
              taskId: { value: ids.taskText(taskId) },
              partitionAware,
            })),
            unreportedOperations: message.unreportedOperations.map((operation) => ({
              ...frameworkOrNone(ids, operation.frameworkId),
              operationUuid: BigInt(operation.operationUuid),
              ...(operation.operationId === null ? {} : { operationId: { value: operation.operationId } }),
            })),
          },
        },
      };
    case 'RUN_TASK':
      return {
        record: {
          case: 'runTask',
          value: {
            frameworkId: framework(ids, message.frameworkId),
            framework: frameworkInfoToWire(ids, message.framework),
            role: message.role,
            task: taskToWire(ids, message.task, 'post', null),
            launchExecutor: message.launchExecutor,
          },
        },
      };
    case 'RUN_TASK_GROUP':
      return {
        record: {
          case: 'runTaskGroup',
          value: {
            frameworkId: framework(ids, message.frameworkId),
            framework: frameworkInfoToWire(ids, message.framework),
            role: message.role,
            executor: executorToWire(ids, message.executor, 'post', null),
            tasks: message.tasks.map((task) => taskToWire(ids, task, 'post', null)),
            launchExecutor: message.launchExecutor,
          },
        },
      };
    case 'KILL_TASK':
      return {
        record: {
          case: 'killTask',
          value: {
            frameworkId: framework(ids, message.frameworkId),
            taskId: { value: ids.taskText(message.taskId) },
            ...(message.killPolicy === null ? {} : { killPolicy: killPolicyToWire(message.killPolicy) }),
          },
        },
      };
    case 'STATUS_UPDATE_ACKNOWLEDGEMENT':
      return {
        record: {
          case: 'statusUpdateAcknowledgement',
          value: {
            frameworkId: framework(ids, message.frameworkId),
            taskId: { value: ids.taskText(message.taskId) },
            // An id that no agent ever gave is 2^53 - 1 on the link: it matches nothing there either.
            uuid: BigInt(message.uuid < 0 ? Number.MAX_SAFE_INTEGER : message.uuid),
          },
        },
      };
    case 'SHUTDOWN_FRAMEWORK':
      return {
        record: { case: 'shutdownFramework', value: { frameworkId: framework(ids, message.frameworkId) } },
      };
    case 'SHUTDOWN_EXECUTOR':
      return {
        record: {
          case: 'shutdownExecutor',
          value: {
            frameworkId: framework(ids, message.frameworkId),
            executorId: { value: ids.executorText(message.executorId) },
          },
        },
      };
    case 'UPDATE_FRAMEWORK':
      return {
        record: {
          case: 'updateFramework',
          value: {
            frameworkId: framework(ids, message.frameworkId),
            info: frameworkInfoToWire(ids, message.info),
          },
        },
      };
    case 'FRAMEWORK_TO_EXECUTOR':
      return {
        record: {
          case: 'frameworkToExecutor',
          value: {
            frameworkId: framework(ids, message.frameworkId),
            executorId: { value: ids.executorText(message.executorId) },
            data: message.data,
          },
        },
      };
    case 'APPLY_OPERATION':
      return {
        record: {
          case: 'applyOperation',
          value: {
            ...frameworkOrNone(ids, message.frameworkId),
            operationUuid: BigInt(message.operationUuid),
            info: operationToWire(ids, message.info, 'post', null),
          },
        },
      };
    case 'ACKNOWLEDGE_OPERATION_STATUS':
      return {
        record: {
          case: 'acknowledgeOperationStatus',
          value: {
            operationUuid: BigInt(message.operationUuid),
            uuid: BigInt(message.uuid < 0 ? Number.MAX_SAFE_INTEGER : message.uuid),
          },
        },
      };
    case 'DRAIN_AGENT':
      return {
        record: {
          case: 'drainAgent',
          value: {
            config: drainConfigToWire(message.config),
            inWaves: message.tasks !== null,
            tasks: (message.tasks ?? []).map(({ frameworkId, taskId }) => ({
              frameworkId: framework(ids, frameworkId),
              taskId: { value: ids.taskText(taskId) },
            })),
          },
        },
      };
    case 'STOP_DRAINING':
      return { record: { case: 'stopDraining', value: {} } };
    case 'CHECKPOINT_RESOURCES':
      return {
        record: {
          case: 'checkpointResources',
          value: { resources: resourcesToWire(message.resources, 'post', null) },
        },
      };
    case 'SHUTDOWN':
      return { record: { case: 'shutdown', value: { message: message.message } } };
    default:
      return assertNever(message);
  }
}
