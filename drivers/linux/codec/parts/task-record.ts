import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AgentId, OperationUuid } from '../../../../engine/core/index.ts';
import type { Operation, Task } from '../../../../engine/protocol/index.ts';
import {
  type OperationSchema,
  type OperationValid,
  type TaskSchema,
  TaskState,
  type TaskValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { updateOfUuid, updateUuid } from '../ids/update-uuid.ts';
import { WireError } from '../message/wire-error.ts';
import { healthCheckFromWire, healthCheckToWire } from './checks.ts';
import { containerFromWire, containerToWire } from './container.ts';
import { discoveryFromWire, discoveryToWire } from './discovery.ts';
import { labelsFromWire, labelsToWire } from './labels.ts';
import {
  operationFromWire,
  operationStatusFromWire,
  operationStatusToWire,
  operationToWire,
} from './operation.ts';
import { own } from './presence.ts';
import { allocationRoleOf, resourcesFromWire, resourcesToWire } from './resources.ts';
import {
  killPolicyFromWire,
  killPolicyToWire,
  limitsOfTaskFromWire,
  limitsOfTaskToWire,
} from './task-info.ts';
import { statusFromWire, statusToWire, taskStateName } from './task-status.ts';

export function taskRecordToWire(ids: IdTexts, task: Task): MessageInitShape<typeof TaskSchema> {
  const { executorId, statusUpdateState, statusUpdateUuid, user, template } = task;
  const { labels, discovery, container, healthCheck, killPolicy, limits } = template;
  return {
    name: template.name,
    taskId: { value: ids.taskText(task.taskId) },
    frameworkId: { value: ids.frameworkText(task.frameworkId) },
    ...(executorId === null ? {} : { executorId: { value: ids.executorText(executorId) } }),
    agentId: { value: ids.agentText(task.agentId) },
    state: TaskState[task.state],
    resources: resourcesToWire(task.resources, 'endpoint', task.role),
    statuses: task.statuses.map((status) => statusToWire(ids, status)),
    ...(statusUpdateState === null ? {} : { statusUpdateState: TaskState[statusUpdateState] }),
    ...(statusUpdateUuid === null ? {} : { statusUpdateUuid: updateUuid(task.agentId, statusUpdateUuid) }),
    ...(labels === null ? {} : { labels: labelsToWire(labels)! }),
    ...(discovery === null ? {} : { discovery: discoveryToWire(discovery) }),
    ...(container === null ? {} : { container: containerToWire(container) }),
    ...(healthCheck === null ? {} : { healthCheck: healthCheckToWire(healthCheck) }),
    ...(killPolicy === null ? {} : { killPolicy: killPolicyToWire(killPolicy) }),
    ...(user === null ? {} : { user }),
    ...(limits === null ? {} : { limits: limitsOfTaskToWire(limits) }),
  };
}

/** For clients. */
export function taskRecordFromWire(ids: IdTexts, task: TaskValid, path: string): Task {
  const agentId = ids.agent(task.agentId.value);
  const state = own(task, 'statusUpdateState');
  const uuid = own(task, 'statusUpdateUuid');
  return {
    taskId: ids.task(task.taskId.value),
    frameworkId: ids.framework(task.frameworkId.value),
    executorId: task.executorId === undefined ? null : ids.executor(task.executorId.value),
    agentId,
    state: taskStateName(task.state),
    role: allocationRoleOf(task.resources, `${path}.resources`) ?? '*',
    resources: resourcesFromWire(task.resources, `${path}.resources`),
    statuses: task.statuses.map((status, index) => statusFromWire(ids, status, `${path}.statuses[${index}]`)),
    statusUpdateState: state === null ? null : taskStateName(state),
    statusUpdateUuid: uuid === null ? null : updateOfUuid(agentId, uuid),
    user: own(task, 'user'),
    template: {
      name: task.name,
      command: null,
      executor: null,
      container: containerFromWire(task.container),
      killPolicy: killPolicyFromWire(task.killPolicy, `${path}.kill_policy`),
      healthCheck:
        task.healthCheck === undefined ? null : healthCheckFromWire(task.healthCheck, `${path}.health_check`),
      check: null,
      maxCompletionTime: null,
      limits: limitsOfTaskFromWire(task.limits, `${path}.limits`),
      labels: labelsFromWire(task.labels),
      discovery: discoveryFromWire(task.discovery),
      data: null,
    },
  };
}

/** The bytes of an operation's uuid: those of an update, counted by the masters together. */
const MASTERS = 0 as AgentId;

export function operationRecordToWire(
  ids: IdTexts,
  operation: Operation,
): MessageInitShape<typeof OperationSchema> {
  const { frameworkId, agentId } = operation;
  return {
    ...(frameworkId === null ? {} : { frameworkId: { value: ids.frameworkText(frameworkId) } }),
    ...(agentId === null ? {} : { agentId: { value: ids.agentText(agentId) } }),
    info: operationToWire(ids, operation.info, 'endpoint', null),
    latestStatus: operationStatusToWire(ids, operation.latestStatus),
    statuses: operation.statuses.map((status) => operationStatusToWire(ids, status)),
    uuid: { value: updateUuid(MASTERS, operation.uuid as number as never) },
  };
}

export function operationRecordFromWire(ids: IdTexts, operation: OperationValid, path: string): Operation {
  const info = operationFromWire(ids, operation.info, `${path}.info`);
  if (info === null) throw new WireError(`${path}.info.type`, 'required, and missing');
  return {
    uuid: updateOfUuid(MASTERS, operation.uuid.value) as number as OperationUuid,
    frameworkId: operation.frameworkId === undefined ? null : ids.framework(operation.frameworkId.value),
    agentId: operation.agentId === undefined ? null : ids.agent(operation.agentId.value),
    info,
    latestStatus: operationStatusFromWire(ids, operation.latestStatus, `${path}.latest_status`),
    statuses: operation.statuses.map((status, index) =>
      operationStatusFromWire(ids, status, `${path}.statuses[${index}]`),
    ),
  };
}
