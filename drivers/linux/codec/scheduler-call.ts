import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MasterEpoch } from '../../../engine/core/index.ts';
import {
  BLANK_TEMPLATE,
  type Filters,
  type OfferOperation,
  type SchedulerCall,
  type TaskInfo,
} from '../../../engine/protocol/index.ts';
import {
  type Quantities,
  type ResourceFormat,
  Resources,
  resourceIdentity,
  scalarResource,
} from '../../../engine/resources/index.ts';
import type { FiltersValid, OfferIDValid, TaskInfoValid } from '../proto/generated/mesos/v1/mesos_pb.ts';
import {
  Call_Type,
  type CallSchema,
  type CallValid,
} from '../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { UUID_BYTES, updateOfUuid, updateUuid } from './ids/update-uuid.ts';
import { WireError } from './message/wire-error.ts';
import { frameworkInfoFromWire, frameworkInfoToWire } from './parts/framework-info.ts';
import { constraintsFromWire, constraintsToWire } from './parts/offer-constraints.ts';
import { operationOrFault, operationToWire } from './parts/operation.ts';
import { namesOf, own, present } from './parts/presence.ts';
import { refuseUnsupported } from './parts/container.ts';
import { allocationRoleOf, resourcesFromWire, resourcesToWire } from './parts/resources.ts';
import { killPolicyFromWire, killPolicyToWire, taskFromWire } from './parts/task-info.ts';

const callType = namesOf(Call_Type);

/** The type of a call, checked first of all (spec 01 §5): absent is an error, and UNKNOWN is known and not implemented. */
export function schedulerCallType(call: CallValid): SchedulerCall['type'] | 'UNKNOWN' {
  const type = own(call, 'type');
  if (type === null) throw new WireError('', "Expecting 'type' to be present");
  return callType(type);
}

/**
 * A scheduler's call as the master takes it. What is wrong with one task stays with that task (`TaskTemplate.fault`): the master answers it by
 * TASK_ERROR and goes on with the others (spec 03 §5). Throws WireError.
 */
export function schedulerCallFromWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  call: CallValid,
  type: SchedulerCall['type'],
): SchedulerCall {
  if (type === 'SUBSCRIBE') {
    const subscribe = present(call.subscribe, 'subscribe');
    const frameworkInfo = frameworkInfoFromWire(ids, subscribe.frameworkInfo, 'subscribe.framework_info');
    const text = call.frameworkId?.value ?? '';
    return {
      type,
      frameworkId: text === '' ? null : ids.framework(text),
      frameworkInfo,
      suppressedRoles: [...subscribe.suppressedRoles],
      offerConstraints: constraintsFromWire(subscribe.offerConstraints, 'subscribe.offer_constraints'),
    };
  }
  const frameworkId = ids.framework(present(call.frameworkId, 'framework_id').value);
  switch (type) {
    case 'TEARDOWN':
      return { type, frameworkId };
    case 'ACCEPT': {
      const accept = present(call.accept, 'accept');
      const operations: OfferOperation[] = [];
      accept.operations.forEach((message, index) => {
        const operation = operationOrFault(ids, message, `accept.operations[${index}]`, taskOrFault);
        if (operation !== null) operations.push(operation);
      });
      const offerIds = offersFromWire(ids, epoch, accept.offerIds);
      return { type, frameworkId, offerIds, operations, filters: filtersFromWire(accept.filters) };
    }
    case 'DECLINE': {
      const decline = present(call.decline, 'decline');
      const offerIds = offersFromWire(ids, epoch, decline.offerIds);
      return { type, frameworkId, offerIds, filters: filtersFromWire(decline.filters) };
    }
    case 'ACCEPT_INVERSE_OFFERS':
    case 'DECLINE_INVERSE_OFFERS': {
      const answer =
        type === 'ACCEPT_INVERSE_OFFERS'
          ? present(call.acceptInverseOffers, 'accept_inverse_offers')
          : present(call.declineInverseOffers, 'decline_inverse_offers');
      const inverseOfferIds = offersFromWire(ids, epoch, answer.inverseOfferIds);
      return { type, frameworkId, inverseOfferIds, filters: filtersFromWire(answer.filters) };
    }
    case 'REVIVE':
    case 'SUPPRESS':
      // Clients from before these had a message send none: all roles.
      return {
        type,
        frameworkId,
        roles: [...((type === 'REVIVE' ? call.revive : call.suppress)?.roles ?? [])],
      };
    case 'KILL': {
      const kill = present(call.kill, 'kill');
      return {
        type,
        frameworkId,
        taskId: ids.task(kill.taskId.value),
        agentId: kill.agentId === undefined ? null : ids.agent(kill.agentId.value),
        killPolicy: killPolicyFromWire(kill.killPolicy, 'kill.kill_policy'),
      };
    }
    case 'SHUTDOWN': {
      const shutdown = present(call.shutdown, 'shutdown');
      return {
        type,
        frameworkId,
        executorId: ids.executor(shutdown.executorId.value),
        agentId: ids.agent(shutdown.agentId.value),
      };
    }
    case 'ACKNOWLEDGE': {
      const acknowledge = present(call.acknowledge, 'acknowledge');
      const agentId = ids.agent(acknowledge.agentId.value);
      return {
        type,
        frameworkId,
        agentId,
        taskId: ids.task(acknowledge.taskId.value),
        uuid: updateOfUuid(agentId, uuidOf(acknowledge.uuid, 'acknowledge.uuid')),
      };
    }
    case 'ACKNOWLEDGE_OPERATION_STATUS': {
      const acknowledge = present(call.acknowledgeOperationStatus, 'acknowledge_operation_status');
      const agentId = acknowledge.agentId === undefined ? null : ids.agent(acknowledge.agentId.value);
      const uuid = uuidOf(acknowledge.uuid, 'acknowledge_operation_status.uuid');
      return {
        type,
        frameworkId,
        agentId,
        resourceProviderId: acknowledge.resourceProviderId?.value ?? null,
        operationId: acknowledge.operationId.value,
        uuid: updateOfUuid(agentId ?? (0 as never), uuid),
      };
    }
    case 'RECONCILE': {
      const { tasks } = present(call.reconcile, 'reconcile');
      return {
        type,
        frameworkId,
        tasks: tasks.map(({ taskId, agentId }) => ({
          taskId: ids.task(taskId.value),
          agentId: agentId === undefined ? null : ids.agent(agentId.value),
        })),
      };
    }
    case 'RECONCILE_OPERATIONS': {
      const { operations } = present(call.reconcileOperations, 'reconcile_operations');
      return {
        type,
        frameworkId,
        operations: operations.map(({ operationId, agentId, resourceProviderId }) => ({
          operationId: operationId.value,
          agentId: agentId === undefined ? null : ids.agent(agentId.value),
          resourceProviderId: resourceProviderId?.value ?? null,
        })),
      };
    }
    case 'MESSAGE': {
      const message = present(call.message, 'message');
      return {
        type,
        frameworkId,
        agentId: ids.agent(message.agentId.value),
        executorId: ids.executor(message.executorId.value),
        data: message.data,
      };
    }
    case 'REQUEST': {
      const { requests } = present(call.request, 'request');
      return {
        type,
        frameworkId,
        requests: requests.map(({ resources }, index) => {
          const path = `request.requests[${index}].resources`;
          return {
            role: allocationRoleOf(resources, path) ?? '*',
            quantities: resourcesFromWire(resources, path).quantities(),
          };
        }),
      };
    }
    case 'UPDATE_FRAMEWORK': {
      const update = present(call.updateFramework, 'update_framework');
      return {
        type,
        frameworkId,
        frameworkInfo: frameworkInfoFromWire(ids, update.frameworkInfo, 'update_framework.framework_info'),
        suppressedRoles: [...update.suppressedRoles],
        offerConstraints: constraintsFromWire(update.offerConstraints, 'update_framework.offer_constraints'),
      };
    }
  }
}

function offersFromWire(ids: IdTexts, epoch: MasterEpoch, offers: readonly OfferIDValid[]) {
  return offers.map(({ value }, index) => ids.offer(value, epoch, index));
}

function filtersFromWire(filters: FiltersValid | undefined): Filters | null {
  return filters === undefined ? null : { refuseSeconds: filters.refuseSeconds };
}

function uuidOf(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes.length !== UUID_BYTES) {
    throw new WireError(path, `expected the ${UUID_BYTES} bytes of a UUID, got ${bytes.length}`);
  }
  return bytes;
}

/** A task that cannot be said in the engine's terms keeps its id and says why. */
function taskOrFault(ids: IdTexts, task: TaskInfoValid, path: string, fault?: string): TaskInfo {
  if (fault !== undefined) return faulty(ids, task, fault);
  try {
    const read = taskFromWire(ids, task, path);
    refuseUnsupported(task.container, `${path}.container`);
    refuseUnsupported(task.executor?.container, `${path}.executor.container`);
    const allocatedTo = allocationRoleOf(task.resources, `${path}.resources`);
    return allocatedTo === null ? read : { ...read, allocatedTo };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return faulty(ids, task, error.message);
  }
}

function faulty(ids: IdTexts, task: TaskInfoValid, fault: string): TaskInfo {
  return {
    taskId: ids.task(task.taskId.value),
    agentId: ids.agent(task.agentId.value),
    resources: Resources.EMPTY,
    template: {
      ...BLANK_TEMPLATE,
      name: task.name,
      fault,
    },
  };
}

function scalarsOf(quantities: Quantities): Resources {
  return Resources.of(
    quantities.names.map((name, index) =>
      scalarResource(resourceIdentity({ name }), quantities.values[index]!),
    ),
  );
}

/** For clients: the message of a call. */
export function schedulerCallToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  call: SchedulerCall,
  view: { readonly format: ResourceFormat; readonly role: string | null } = { format: 'post', role: null },
): MessageInitShape<typeof CallSchema> {
  const type = Call_Type[call.type];
  if (call.type === 'SUBSCRIBE') {
    const { offerConstraints } = call;
    return {
      type,
      ...(call.frameworkId === null ? {} : { frameworkId: { value: ids.frameworkText(call.frameworkId) } }),
      subscribe: {
        frameworkInfo: frameworkInfoToWire(ids, call.frameworkInfo),
        suppressedRoles: [...call.suppressedRoles],
        ...(offerConstraints === null ? {} : { offerConstraints: constraintsToWire(offerConstraints) }),
      },
    };
  }
  const head = { type, frameworkId: { value: ids.frameworkText(call.frameworkId) } };
  const offers = (list: readonly Parameters<IdTexts['offerText']>[0][]) =>
    list.map((id) => ({ value: ids.offerText(id, epoch) }));
  const agent = (id: Parameters<IdTexts['agentText']>[0] | null) =>
    id === null ? {} : { agentId: { value: ids.agentText(id) } };
  const filters = (given: Filters | null) =>
    given === null ? {} : { filters: { refuseSeconds: given.refuseSeconds } };
  switch (call.type) {
    case 'TEARDOWN':
      return head;
    case 'ACCEPT':
      return {
        ...head,
        accept: {
          offerIds: offers(call.offerIds),
          operations: call.operations.map((one) => operationToWire(ids, one, view.format, view.role)),
          ...filters(call.filters),
        },
      };
    case 'DECLINE':
      return { ...head, decline: { offerIds: offers(call.offerIds), ...filters(call.filters) } };
    case 'ACCEPT_INVERSE_OFFERS':
      return {
        ...head,
        acceptInverseOffers: { inverseOfferIds: offers(call.inverseOfferIds), ...filters(call.filters) },
      };
    case 'DECLINE_INVERSE_OFFERS':
      return {
        ...head,
        declineInverseOffers: { inverseOfferIds: offers(call.inverseOfferIds), ...filters(call.filters) },
      };
    case 'REVIVE':
      return { ...head, revive: { roles: [...call.roles] } };
    case 'SUPPRESS':
      return { ...head, suppress: { roles: [...call.roles] } };
    case 'KILL':
      return {
        ...head,
        kill: {
          taskId: { value: ids.taskText(call.taskId) },
          ...agent(call.agentId),
          ...(call.killPolicy === null ? {} : { killPolicy: killPolicyToWire(call.killPolicy) }),
        },
      };
    case 'SHUTDOWN':
      return {
        ...head,
        shutdown: {
          executorId: { value: ids.executorText(call.executorId) },
          agentId: { value: ids.agentText(call.agentId) },
        },
      };
    case 'ACKNOWLEDGE':
      return {
        ...head,
        acknowledge: {
          agentId: { value: ids.agentText(call.agentId) },
          taskId: { value: ids.taskText(call.taskId) },
          uuid: updateUuid(call.agentId, call.uuid),
        },
      };
    case 'ACKNOWLEDGE_OPERATION_STATUS':
      return {
        ...head,
        acknowledgeOperationStatus: {
          ...agent(call.agentId),
          ...(call.resourceProviderId === null
            ? {}
            : { resourceProviderId: { value: call.resourceProviderId } }),
          uuid: updateUuid(call.agentId ?? (0 as never), call.uuid),
          operationId: { value: call.operationId },
        },
      };
    case 'RECONCILE':
      return {
        ...head,
        reconcile: {
          tasks: call.tasks.map(({ taskId, agentId }) => ({
            taskId: { value: ids.taskText(taskId) },
            ...agent(agentId),
          })),
        },
      };
    case 'RECONCILE_OPERATIONS':
      return {
        ...head,
        reconcileOperations: {
          operations: call.operations.map(({ operationId, agentId, resourceProviderId }) => ({
            operationId: { value: operationId },
            ...agent(agentId),
            ...(resourceProviderId === null ? {} : { resourceProviderId: { value: resourceProviderId } }),
          })),
        },
      };
    case 'MESSAGE':
      return {
        ...head,
        message: {
          agentId: { value: ids.agentText(call.agentId) },
          executorId: { value: ids.executorText(call.executorId) },
          data: call.data,
        },
      };
    case 'REQUEST':
      return {
        ...head,
        request: {
          requests: call.requests.map(({ role, quantities }) => ({
            resources: resourcesToWire(scalarsOf(quantities), 'post', role),
          })),
        },
      };
    case 'UPDATE_FRAMEWORK':
      return {
        ...head,
        updateFramework: {
          frameworkInfo: frameworkInfoToWire(ids, call.frameworkInfo),
          suppressedRoles: [...call.suppressedRoles],
          ...(call.offerConstraints === null
            ? {}
            : { offerConstraints: constraintsToWire(call.offerConstraints) }),
        },
      };
  }
}
