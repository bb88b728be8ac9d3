import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ExecutorEvent } from '../../../engine/protocol/index.ts';
import {
  Event_Type,
  type EventSchema,
  type EventValid,
} from '../proto/generated/mesos/v1/executor/executor_pb.ts';
import type { ExecutorUuids } from './ids/executor-uuids.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { UUID_BYTES } from './ids/update-uuid.ts';
import { WireError } from './message/wire-error.ts';
import { agentInfoFromWire, agentInfoToWire } from './parts/agent-info.ts';
import { containerIdFromWire, containerIdToWire } from './parts/container-status.ts';
import { frameworkInfoFromWire, frameworkInfoToWire } from './parts/framework-info.ts';
import { namesOf, own, present } from './parts/presence.ts';
import {
  executorFromWire,
  executorToWire,
  killPolicyFromWire,
  killPolicyToWire,
  taskFromWire,
  taskToWire,
} from './parts/task-info.ts';

const eventType = namesOf(Event_Type);

/** @param role to which the resources of tasks and executors are allocated */
export function executorEventToWire(
  ids: IdTexts,
  uuids: ExecutorUuids,
  event: ExecutorEvent,
  role: string | null,
): MessageInitShape<typeof EventSchema> {
  const type = Event_Type[event.type];
  switch (event.type) {
    case 'SUBSCRIBED':
      return {
        type,
        subscribed: {
          executorInfo: executorToWire(ids, event.executorInfo, 'endpoint', role),
          frameworkInfo: frameworkInfoToWire(ids, event.frameworkInfo),
          agentInfo: agentInfoToWire(ids, event.agentInfo),
          ...(event.containerId === null ? {} : { containerId: containerIdToWire(event.containerId) }),
        },
      };
    case 'LAUNCH':
      return { type, launch: { task: taskToWire(ids, event.task, 'endpoint', role) } };
    case 'LAUNCH_GROUP':
      return {
        type,
        launchGroup: {
          taskGroup: { tasks: event.taskGroup.map((task) => taskToWire(ids, task, 'endpoint', role)) },
        },
      };
    case 'KILL':
      return {
        type,
        kill: {
          taskId: { value: ids.taskText(event.taskId) },
          ...(event.killPolicy === null ? {} : { killPolicy: killPolicyToWire(event.killPolicy) }),
        },
      };
    case 'ACKNOWLEDGED':
      return {
        type,
        acknowledged: { taskId: { value: ids.taskText(event.taskId) }, uuid: uuids.bytes(event.uuid) },
      };
    case 'MESSAGE':
      return { type, message: { data: event.data } };
    case 'ERROR':
      return { type, error: { message: event.message } };
    case 'SHUTDOWN':
    case 'HEARTBEAT':
      return { type };
  }
}

const UNKNOWN_EXTRAS = { ip: null, capabilities: [], version: '' };

/** For clients. Null for an event of a kind that this version does not know. */
export function executorEventFromWire(
  ids: IdTexts,
  uuids: ExecutorUuids,
  event: EventValid,
): ExecutorEvent | null {
  const type = eventType(own(event, 'type') ?? Event_Type.UNKNOWN);
  switch (type) {
    case 'UNKNOWN':
      return null;
    case 'SUBSCRIBED': {
      const { executorInfo, frameworkInfo, agentInfo, containerId } = present(event.subscribed, 'subscribed');
      return {
        type,
        executorInfo: executorFromWire(ids, executorInfo, 'subscribed.executor_info'),
        frameworkInfo: frameworkInfoFromWire(ids, frameworkInfo, 'subscribed.framework_info'),
        agentInfo: agentInfoFromWire(ids, agentInfo, UNKNOWN_EXTRAS, 'subscribed.agent_info'),
        containerId: containerId === undefined ? null : containerIdFromWire(containerId),
      };
    }
    case 'LAUNCH':
      return { type, task: taskFromWire(ids, present(event.launch, 'launch').task, 'launch.task') };
    case 'LAUNCH_GROUP': {
      const { tasks } = present(event.launchGroup, 'launch_group').taskGroup;
      return {
        type,
        taskGroup: tasks.map((task, index) => taskFromWire(ids, task, `launch_group.tasks[${index}]`)),
      };
    }
    case 'KILL': {
      const { taskId, killPolicy } = present(event.kill, 'kill');
      return {
        type,
        taskId: ids.task(taskId.value),
        killPolicy: killPolicyFromWire(killPolicy, 'kill.kill_policy'),
      };
    }
    case 'ACKNOWLEDGED': {
      const { taskId, uuid } = present(event.acknowledged, 'acknowledged');
      if (uuid.length !== UUID_BYTES)
        throw new WireError('acknowledged.uuid', 'expected the bytes of a UUID');
      return { type, taskId: ids.task(taskId.value), uuid: uuids.number(uuid) };
    }
    case 'MESSAGE':
      return { type, data: present(event.message, 'message').data };
    case 'ERROR':
      return { type, message: present(event.error, 'error').message };
    case 'SHUTDOWN':
    case 'HEARTBEAT':
      return { type };
  }
}
