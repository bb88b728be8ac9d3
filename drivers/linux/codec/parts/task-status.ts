import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type AgentId,
  type Micros,
  micros,
  microsToSeconds,
  type UpdateId,
} from '../../../../engine/core/index.ts';
import {
  STATUS_REASON_NUMBERS,
  type StatusReason,
  type TaskStatus,
  type TaskStatusDetails,
} from '../../../../engine/protocol/index.ts';
import {
  TaskState,
  type TaskStatus_Reason,
  type TaskStatusSchema,
  type TaskStatusValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { updateOfUuid, updateUuid } from '../ids/update-uuid.ts';
import { WireError } from '../message/wire-error.ts';
import { checkStatusFromWire, checkStatusToWire } from './checks.ts';
import { containerStatusFromWire, containerStatusToWire } from './container-status.ts';
import { labelsFromWire, labelsToWire } from './labels.ts';
import { microsToNanos, nanosToMicros, namesOf, own, secondsField } from './presence.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';

export const taskStateName = namesOf(TaskState);
export const statusReasonName: (number: TaskStatus_Reason) => StatusReason = namesOf(STATUS_REASON_NUMBERS);
const SOURCE_NUMBERS = { SOURCE_MASTER: 0, SOURCE_AGENT: 1, SOURCE_EXECUTOR: 2 } as const;
const sourceName = namesOf(SOURCE_NUMBERS);

/**
 * @param uuidOf what an id on the wire is inside; by default that of an agent's update
 * @param now stands in for an absent timestamp
 */
export function statusFromWire(
  ids: IdTexts,
  status: TaskStatusValid,
  path: string,
  now: Micros = micros(0),
  uuidOf: (agent: AgentId | null, bytes: Uint8Array) => UpdateId = uuidOfAgent,
): TaskStatus {
  const reason = own(status, 'reason');
  const source = own(status, 'source');
  const timestamp = own(status, 'timestamp');
  const uuid = own(status, 'uuid');
  const agentId = status.agentId === undefined ? null : ids.agent(status.agentId.value);
  return {
    taskId: ids.task(status.taskId.value),
    state: taskStateName(status.state),
    source: source === null ? 'SOURCE_MASTER' : sourceName(source),
    reason: reason === null ? null : statusReasonName(reason),
    agentId,
    executorId: status.executorId === undefined ? null : ids.executor(status.executorId.value),
    timestamp: timestamp === null ? now : secondsField(timestamp, `${path}.timestamp`),
    uuid: uuid === null ? null : uuidOf(agentId, uuid),
    message: own(status, 'message'),
    details: detailsFromWire(status, path),
  };
}

export function uuidOfAgent(agent: AgentId | null, bytes: Uint8Array): UpdateId {
  if (agent === null) throw new WireError('', "Expecting 'agent_id' to be present beside a 'uuid'");
  return updateOfUuid(agent, bytes);
}

/** Null if none of them says anything: a check of an unknown kind, say, is as good as none. */
function detailsFromWire(status: TaskStatusValid, path: string): TaskStatusDetails | null {
  const healthy = own(status, 'healthy');
  const data = own(status, 'data');
  const { unreachableTime, limitation } = status;
  // A part that is there and says nothing is none.
  const checkStatus = checkStatusFromWire(status.checkStatus);
  const labels = labelsFromWire(status.labels);
  const containerStatus = containerStatusFromWire(status.containerStatus);
  if (
    healthy === null &&
    data === null &&
    checkStatus === null &&
    labels === null &&
    unreachableTime === undefined &&
    limitation === undefined &&
    containerStatus === null
  ) {
    return null;
  }
  const details: TaskStatusDetails = {
    healthy,
    checkStatus,
    labels,
    data,
    unreachableTime:
      unreachableTime === undefined
        ? null
        : nanosToMicros(unreachableTime.nanoseconds, `${path}.unreachable_time`),
    limitation:
      limitation === undefined
        ? null
        : resourcesFromWire(limitation.resources, `${path}.limitation.resources`),
    containerStatus,
  };
  return Object.values(details).every((detail) => detail === null) ? null : details;
}

/** @param uuidBytes what an id inside is on the wire; by default that of an agent's update */
export function statusToWire(
  ids: IdTexts,
  status: TaskStatus,
  uuidBytes: (agent: AgentId | null, uuid: UpdateId) => Uint8Array = bytesOfAgent,
): MessageInitShape<typeof TaskStatusSchema> {
  const { reason, agentId, executorId, uuid, message, details } = status;
  return {
    taskId: { value: ids.taskText(status.taskId) },
    state: TaskState[status.state],
    ...(message === null ? {} : { message: ids.mentioned(message) }),
    source: SOURCE_NUMBERS[status.source],
    ...(reason === null ? {} : { reason: STATUS_REASON_NUMBERS[reason] }),
    ...(agentId === null ? {} : { agentId: { value: ids.agentText(agentId) } }),
    ...(executorId === null ? {} : { executorId: { value: ids.executorText(executorId) } }),
    timestamp: microsToSeconds(status.timestamp),
    ...(uuid === null ? {} : { uuid: uuidBytes(agentId, uuid) }),
    ...(details === null ? {} : detailsToWire(details)),
  };
}

export function bytesOfAgent(agent: AgentId | null, uuid: UpdateId): Uint8Array {
  return updateUuid(agent ?? (0 as AgentId), uuid);
}

function detailsToWire(details: TaskStatusDetails) {
  const { healthy, checkStatus, labels, data, unreachableTime, limitation, containerStatus } = details;
  return {
    ...(healthy === null ? {} : { healthy }),
    ...(checkStatus === null ? {} : { checkStatus: checkStatusToWire(checkStatus) }),
    ...(labels === null ? {} : { labels: labelsToWire(labels)! }),
    ...(data === null ? {} : { data }),
    ...(unreachableTime === null ? {} : { unreachableTime: { nanoseconds: microsToNanos(unreachableTime) } }),
    ...(limitation === null
      ? {}
      : { limitation: { resources: resourcesToWire(limitation, 'endpoint', null) } }),
    ...(containerStatus === null ? {} : { containerStatus: containerStatusToWire(containerStatus) }),
  };
}
