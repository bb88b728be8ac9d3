import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AgentId, fromMilli, type UpdateId, ZERO_MILLI } from '../../../../engine/core/index.ts';
import type {
  ExecutorInfo,
  OfferOperation,
  OperationStatus,
  ResourceOfferOperation,
  TaskInfo,
} from '../../../../engine/protocol/index.ts';
import { type ResourceFormat, Resources } from '../../../../engine/resources/index.ts';
import {
  Offer_Operation_Type,
  type Offer_OperationSchema,
  type Offer_OperationValid,
  OperationState,
  type OperationStatusSchema,
  type OperationStatusValid,
  Resource_DiskInfo_Source_Type,
  type ResourceValid,
  type TaskInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { updateOfUuid, updateUuid } from '../ids/update-uuid.ts';
import { WireError } from '../message/wire-error.ts';
import { refuseUnsupported } from './container.ts';
import { namesOf, own, present } from './presence.ts';
import { allocatedFromWire, resourcesFromWire, resourcesToWire, scalarFromWire } from './resources.ts';
import { executorFromWire, executorToWire, taskFromWire, taskToWire } from './task-info.ts';

const operationType = namesOf(Offer_Operation_Type);
const operationState = namesOf(OperationState);
const diskType = namesOf(Resource_DiskInfo_Source_Type);

/** Null for UNKNOWN, which is ignored (spec 03 §5). Throws WireError. */
export function operationFromWire(
  ids: IdTexts,
  operation: Offer_OperationValid,
  path: string,
  readTask: (ids: IdTexts, task: TaskInfoValid, path: string) => TaskInfo = taskFromWire,
): OfferOperation | null {
  const type = operationType(own(operation, 'type') ?? Offer_Operation_Type.UNKNOWN);
  const id = operation.id === undefined ? null : operation.id.value;
  switch (type) {
    case 'UNKNOWN':
      return null;
    case 'LAUNCH': {
      const at = `${path}.launch.task_infos`;
      const { taskInfos } = present(operation.launch, `${path}.launch`);
      return { type, id, taskInfos: taskInfos.map((task, index) => readTask(ids, task, `${at}[${index}]`)) };
    }
    case 'LAUNCH_GROUP': {
      const { executor, taskGroup } = present(operation.launchGroup, `${path}.launch_group`);
      const at = `${path}.launch_group`;
      return {
        type,
        id,
        executor: executorFromWire(ids, executor, `${at}.executor`),
        taskInfos: taskGroup.tasks.map((task, index) =>
          readTask(ids, task, `${at}.task_group.tasks[${index}]`),
        ),
      };
    }
    default:
      return resourceOperation(type, id, operation, path);
  }
}

function oneAllocated(message: ResourceValid, path: string): Resources {
  return allocatedFromWire([message], path);
}

function resourceOperation(
  type: ResourceOfferOperation['type'],
  id: string | null,
  operation: Offer_OperationValid,
  path: string,
): ResourceOfferOperation {
  switch (type) {
    case 'RESERVE': {
      const { source, resources } = present(operation.reserve, `${path}.reserve`);
      return {
        type,
        id,
        source: allocatedFromWire(source, `${path}.reserve.source`),
        resources: allocatedFromWire(resources, `${path}.reserve.resources`),
      };
    }
    case 'UNRESERVE': {
      const { resources } = present(operation.unreserve, `${path}.unreserve`);
      return { type, id, resources: allocatedFromWire(resources, `${path}.unreserve.resources`) };
    }
    case 'CREATE': {
      const { volumes } = present(operation.create, `${path}.create`);
      return { type, id, volumes: allocatedFromWire(volumes, `${path}.create.volumes`) };
    }
    case 'DESTROY': {
      const { volumes } = present(operation.destroy, `${path}.destroy`);
      return { type, id, volumes: allocatedFromWire(volumes, `${path}.destroy.volumes`) };
    }
    case 'GROW_VOLUME': {
      const { volume, addition } = present(operation.growVolume, `${path}.grow_volume`);
      return {
        type,
        id,
        volume: oneAllocated(volume, `${path}.grow_volume.volume`),
        addition: oneAllocated(addition, `${path}.grow_volume.addition`),
      };
    }
    case 'SHRINK_VOLUME': {
      const { volume, subtract } = present(operation.shrinkVolume, `${path}.shrink_volume`);
      return {
        type,
        id,
        volume: oneAllocated(volume, `${path}.shrink_volume.volume`),
        subtract: scalarFromWire('disk', subtract.value, `${path}.shrink_volume.subtract`),
      };
    }
    case 'CREATE_DISK': {
      const create = present(operation.createDisk, `${path}.create_disk`);
      const targetType = diskType(create.targetType);
      if (targetType !== 'MOUNT' && targetType !== 'BLOCK') {
        throw new WireError(`${path}.create_disk.target_type`, `expected MOUNT or BLOCK, got ${targetType}`);
      }
      return {
        type,
        id,
        source: oneAllocated(create.source, `${path}.create_disk.source`),
        targetType,
        targetProfile: own(create, 'targetProfile'),
      };
    }
    case 'DESTROY_DISK': {
      const { source } = present(operation.destroyDisk, `${path}.destroy_disk`);
      return { type, id, source: oneAllocated(source, `${path}.destroy_disk.source`) };
    }
  }
}

/**
 * As `operationFromWire`; what of it cannot be said in the engine's terms becomes the fault of the operation, or of the tasks that it was to
 * launch, so that the rest of the call goes on (spec 03 §5).
 */
export function operationOrFault(
  ids: IdTexts,
  operation: Offer_OperationValid,
  path: string,
  readTask: (ids: IdTexts, task: TaskInfoValid, path: string, fault?: string) => TaskInfo,
): OfferOperation | null {
  try {
    refuseUnsupported(operation.launchGroup?.executor.container, `${path}.launch_group.executor.container`);
    return operationFromWire(ids, operation, path, readTask);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const fault = error.message;
    const type = operationType(operation.type);
    const id = operation.id === undefined ? null : operation.id.value;
    if (type === 'UNKNOWN') return null;
    if (type === 'LAUNCH') return { type, id, taskInfos: [] };
    if (type === 'LAUNCH_GROUP') {
      const tasks = operation.launchGroup?.taskGroup.tasks ?? [];
      const taskInfos = tasks.map((task, index) => readTask(ids, task, `${path}[${index}]`, fault));
      return { type, id, executor: unreadable(ids, operation), taskInfos, fault };
    }
    return faulty(type, id, fault);
  }
}

/** Stands for an executor that cannot be read; its tasks say why. */
function unreadable(ids: IdTexts, operation: Offer_OperationValid): ExecutorInfo {
  return {
    type: 'DEFAULT',
    executorId: ids.executor(operation.launchGroup?.executor.executorId.value ?? ''),
    frameworkId: null,
    command: null,
    container: null,
    resources: Resources.EMPTY,
    name: '',
    shutdownGracePeriod: null,
    labels: null,
    data: null,
  };
}

function faulty(
  type: ResourceOfferOperation['type'],
  id: string | null,
  fault: string,
): ResourceOfferOperation {
  const none = Resources.EMPTY;
  switch (type) {
    case 'RESERVE':
      return { type, id, source: none, resources: none, fault };
    case 'UNRESERVE':
      return { type, id, resources: none, fault };
    case 'CREATE':
    case 'DESTROY':
      return { type, id, volumes: none, fault };
    case 'GROW_VOLUME':
      return { type, id, volume: none, addition: none, fault };
    case 'SHRINK_VOLUME':
      return { type, id, volume: none, subtract: ZERO_MILLI, fault };
    case 'CREATE_DISK':
      return { type, id, source: none, targetType: 'MOUNT', targetProfile: null, fault };
    case 'DESTROY_DISK':
      return { type, id, source: none, fault };
  }
}

export function operationToWire(
  ids: IdTexts,
  operation: OfferOperation,
  format: ResourceFormat,
  role: string | null,
): MessageInitShape<typeof Offer_OperationSchema> {
  const head = {
    type: Offer_Operation_Type[operation.type],
    ...(operation.id === null ? {} : { id: { value: operation.id } }),
  };
  const wire = (resources: Parameters<typeof resourcesToWire>[0]) => resourcesToWire(resources, format, role);
  switch (operation.type) {
    case 'LAUNCH':
      return {
        ...head,
        launch: { taskInfos: operation.taskInfos.map((task) => taskToWire(ids, task, format, role)) },
      };
    case 'LAUNCH_GROUP':
      return {
        ...head,
        launchGroup: {
          executor: executorToWire(ids, operation.executor, format, role),
          taskGroup: { tasks: operation.taskInfos.map((task) => taskToWire(ids, task, format, role)) },
        },
      };
    case 'RESERVE':
      return { ...head, reserve: { source: wire(operation.source), resources: wire(operation.resources) } };
    case 'UNRESERVE':
      return { ...head, unreserve: { resources: wire(operation.resources) } };
    case 'CREATE':
      return { ...head, create: { volumes: wire(operation.volumes) } };
    case 'DESTROY':
      return { ...head, destroy: { volumes: wire(operation.volumes) } };
    case 'GROW_VOLUME':
      return {
        ...head,
        growVolume: { volume: wire(operation.volume)[0]!, addition: wire(operation.addition)[0]! },
      };
    case 'SHRINK_VOLUME':
      return {
        ...head,
        shrinkVolume: {
          volume: wire(operation.volume)[0]!,
          subtract: { value: fromMilli(operation.subtract) },
        },
      };
    case 'CREATE_DISK':
      return {
        ...head,
        createDisk: {
          source: wire(operation.source)[0]!,
          targetType: Resource_DiskInfo_Source_Type[operation.targetType],
          ...(operation.targetProfile === null ? {} : { targetProfile: operation.targetProfile }),
        },
      };
    case 'DESTROY_DISK':
      return { ...head, destroyDisk: { source: wire(operation.source)[0]! } };
  }
}

/** @param agent whose counter the uuid is */
export function operationStatusToWire(
  ids: IdTexts,
  status: OperationStatus,
  agent: AgentId = status.agentId ?? (0 as AgentId),
): MessageInitShape<typeof OperationStatusSchema> {
  const { operationId, message, convertedResources, uuid, agentId, resourceProviderId } = status;
  return {
    ...(operationId === null ? {} : { operationId: { value: operationId } }),
    state: OperationState[status.state],
    ...(message === null ? {} : { message: ids.mentioned(message) }),
    ...(convertedResources === null
      ? {}
      : { convertedResources: resourcesToWire(convertedResources, 'endpoint', null) }),
    ...(uuid === null ? {} : { uuid: { value: updateUuid(agent, uuid) } }),
    ...(agentId === null ? {} : { agentId: { value: ids.agentText(agentId) } }),
    ...(resourceProviderId === null ? {} : { resourceProviderId: { value: resourceProviderId } }),
  };
}

export function operationStatusFromWire(
  ids: IdTexts,
  status: OperationStatusValid,
  path: string,
): OperationStatus {
  const agentId = status.agentId === undefined ? null : ids.agent(status.agentId.value);
  const converted = resourcesFromWire(status.convertedResources, `${path}.converted_resources`);
  return {
    operationId: status.operationId === undefined ? null : status.operationId.value,
    state: operationState(status.state),
    message: own(status, 'message'),
    // Resources of nothing are none.
    convertedResources: converted.isEmpty ? null : converted,
    uuid: status.uuid === undefined ? null : operationUpdate(agentId, status.uuid.value),
    agentId,
    resourceProviderId: status.resourceProviderId === undefined ? null : status.resourceProviderId.value,
  };
}

/** The id of an operation's status; without an agent it stands for none. */
export function operationUpdate(agentId: OperationStatus['agentId'], bytes: Uint8Array): UpdateId {
  return updateOfUuid(agentId ?? (0 as never), bytes);
}
