import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Micros } from '../../../engine/core/index.ts';
import type { ExecutorCall, TaskStatus } from '../../../engine/protocol/index.ts';
import {
  Call_Type,
  type CallSchema,
  type CallValid,
} from '../proto/generated/mesos/v1/executor/executor_pb.ts';
import type { TaskStatusValid } from '../proto/generated/mesos/v1/mesos_pb.ts';
import type { ExecutorUuids } from './ids/executor-uuids.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { UUID_BYTES } from './ids/update-uuid.ts';
import { WireError } from './message/wire-error.ts';
import { namesOf, own, present } from './parts/presence.ts';
import { taskFromWire, taskToWire } from './parts/task-info.ts';
import { statusFromWire, statusToWire } from './parts/task-status.ts';

const callType = namesOf(Call_Type);

export function executorCallType(call: CallValid): ExecutorCall['type'] | 'UNKNOWN' {
  const type = own(call, 'type');
  if (type === null) throw new WireError('', "Expecting 'type' to be present");
  return callType(type);
}

/** An executor's call, its updates checked (spec 04 §2). `now` stands in for a timestamp that is absent. Throws WireError. */
export function executorCallFromWire(
  ids: IdTexts,
  uuids: ExecutorUuids,
  call: CallValid,
  type: ExecutorCall['type'],
  now: Micros,
): ExecutorCall {
  const head = {
    executorId: ids.executor(call.executorId.value),
    frameworkId: ids.framework(call.frameworkId.value),
  };
  const update = (status: TaskStatusValid, path: string): TaskStatus => {
    const uuid = own(status, 'uuid');
    if (uuid === null) throw new WireError('', `Expecting '${path}.uuid' to be present`);
    if (uuid.length !== UUID_BYTES) {
      throw new WireError(`${path}.uuid`, `expected the ${UUID_BYTES} bytes of a UUID, got ${uuid.length}`);
    }
    if (status.executorId !== undefined && status.executorId.value !== call.executorId.value) {
      throw new WireError(`${path}.executor_id`, 'differs from the executor_id of the call');
    }
    const read = statusFromWire(ids, status, path, now, (_, bytes) => uuids.number(bytes));
    if (read.source !== 'SOURCE_EXECUTOR' || own(status, 'source') === null) {
      throw new WireError(`${path}.source`, 'expected SOURCE_EXECUTOR');
    }
    if (read.state === 'TASK_STAGING') throw new WireError(`${path}.state`, 'TASK_STAGING is not allowed');
    return { ...read, executorId: head.executorId };
  };
  switch (type) {
    case 'SUBSCRIBE': {
      // Clients that have nothing unacknowledged leave the message with the two lists out: npm's mesos-framework does.
      const { unacknowledgedTasks = [], unacknowledgedUpdates = [] } = call.subscribe ?? {};
      return {
        type,
        ...head,
        unacknowledgedTasks: unacknowledgedTasks.map((task, index) =>
          taskFromWire(ids, task, `subscribe.unacknowledged_tasks[${index}]`),
        ),
        unacknowledgedUpdates: unacknowledgedUpdates.map(({ status }, index) =>
          update(status, `subscribe.unacknowledged_updates[${index}].status`),
        ),
      };
    }
    case 'UPDATE':
      return { type, ...head, status: update(present(call.update, 'update').status, 'update.status') };
    case 'MESSAGE':
      return { type, ...head, data: present(call.message, 'message').data };
    case 'HEARTBEAT':
      return { type, ...head };
  }
}

/** For clients: the message of a call. */
export function executorCallToWire(
  ids: IdTexts,
  uuids: ExecutorUuids,
  call: ExecutorCall,
): MessageInitShape<typeof CallSchema> {
  const head = {
    type: Call_Type[call.type],
    executorId: { value: ids.executorText(call.executorId) },
    frameworkId: { value: ids.frameworkText(call.frameworkId) },
  };
  const update = (status: TaskStatus) => ({
    status: statusToWire(ids, status, (_, uuid) => uuids.bytes(uuid)),
  });
  switch (call.type) {
    case 'SUBSCRIBE':
      return {
        ...head,
        subscribe: {
          unacknowledgedTasks: call.unacknowledgedTasks.map((task) => taskToWire(ids, task, 'post', null)),
          unacknowledgedUpdates: call.unacknowledgedUpdates.map(update),
        },
      };
    case 'UPDATE':
      return { ...head, update: update(call.status) };
    case 'MESSAGE':
      return { ...head, message: { data: call.data } };
    case 'HEARTBEAT':
      return head;
  }
}
