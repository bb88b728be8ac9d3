import type { MessageInitShape } from '@bufbuild/protobuf';
import { fromMilli, MICROS_PER_SECOND, micros, type Micros } from '../../../engine/core/index.ts';
import type { OperatorCall } from '../../../engine/protocol/index.ts';
import { Call_Type, type CallSchema, type CallValid } from '../proto/generated/mesos/v1/master/master_pb.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { WireError } from './message/wire-error.ts';
import { machineFromWire, machineToWire, scheduleFromWire, scheduleToWire } from './parts/maintenance.ts';
import { namesOf, own, present } from './parts/presence.ts';
import { processCallFromWire, processCallToWire } from './parts/process-call.ts';
import {
  quotaConfigFromWire,
  quotaConfigToWire,
  quotaRequestFromWire,
  quotaRequestToWire,
} from './parts/quota.ts';
import { resourceFromWire, resourcesFromWire, resourcesToWire, scalarFromWire } from './parts/resources.ts';

const callType = namesOf(Call_Type);

export function operatorCallType(call: CallValid): OperatorCall['type'] | 'UNKNOWN' {
  const type = own(call, 'type');
  if (type === null) throw new WireError('', "Expecting 'type' to be present");
  return callType(type);
}

/** An operator's call. Throws WireError. */
export function operatorCallFromWire(
  ids: IdTexts,
  call: CallValid,
  type: OperatorCall['type'],
): OperatorCall {
  switch (type) {
    case 'GET_HEALTH':
    case 'GET_FLAGS':
    case 'GET_VERSION':
    case 'GET_LOGGING_LEVEL':
    case 'GET_METRICS':
    case 'SET_LOGGING_LEVEL':
    case 'LIST_FILES':
    case 'READ_FILE':
      return processCallFromWire(type, call);
    case 'UPDATE_WEIGHTS': {
      const { weightInfos } = present(call.updateWeights, 'update_weights');
      return { type, weightInfos: weightInfos.map(({ role, weight }) => ({ role, weight })) };
    }
    case 'RESERVE_RESOURCES': {
      const { agentId, source, resources } = present(call.reserveResources, 'reserve_resources');
      return {
        type,
        agentId: ids.agent(agentId.value),
        source: resourcesFromWire(source, 'reserve_resources.source'),
        resources: resourcesFromWire(resources, 'reserve_resources.resources'),
      };
    }
    case 'UNRESERVE_RESOURCES': {
      const { agentId, resources } = present(call.unreserveResources, 'unreserve_resources');
      return {
        type,
        agentId: ids.agent(agentId.value),
        resources: resourcesFromWire(resources, 'unreserve_resources.resources'),
      };
    }
    case 'CREATE_VOLUMES': {
      const { agentId, volumes } = present(call.createVolumes, 'create_volumes');
      return {
        type,
        agentId: ids.agent(agentId.value),
        volumes: resourcesFromWire(volumes, 'create_volumes.volumes'),
      };
    }
    case 'DESTROY_VOLUMES': {
      const { agentId, volumes } = present(call.destroyVolumes, 'destroy_volumes');
      return {
        type,
        agentId: ids.agent(agentId.value),
        volumes: resourcesFromWire(volumes, 'destroy_volumes.volumes'),
      };
    }
    case 'GROW_VOLUME': {
      const { agentId, volume, addition } = present(call.growVolume, 'grow_volume');
      return {
        type,
        agentId: agentId === undefined ? null : ids.agent(agentId.value),
        volume: resourceFromWire(volume, 'grow_volume.volume'),
        addition: resourceFromWire(addition, 'grow_volume.addition'),
      };
    }
    case 'SHRINK_VOLUME': {
      const { agentId, volume, subtract } = present(call.shrinkVolume, 'shrink_volume');
      return {
        type,
        agentId: agentId === undefined ? null : ids.agent(agentId.value),
        volume: resourceFromWire(volume, 'shrink_volume.volume'),
        subtract: scalarFromWire('disk', subtract.value, 'shrink_volume.subtract'),
      };
    }
    case 'UPDATE_MAINTENANCE_SCHEDULE': {
      const { schedule } = present(call.updateMaintenanceSchedule, 'update_maintenance_schedule');
      return { type, schedule: scheduleFromWire(schedule, 'update_maintenance_schedule.schedule') };
    }
    case 'START_MAINTENANCE':
      return {
        type,
        machines: present(call.startMaintenance, 'start_maintenance').machines.map(machineFromWire),
      };
    case 'STOP_MAINTENANCE':
      return {
        type,
        machines: present(call.stopMaintenance, 'stop_maintenance').machines.map(machineFromWire),
      };
    case 'DRAIN_AGENT': {
      const { agentId, maxGracePeriod, markGone } = present(call.drainAgent, 'drain_agent');
      return {
        type,
        agentId: ids.agent(agentId.value),
        maxGracePeriod: maxGracePeriod === undefined ? null : durationOf(maxGracePeriod),
        markGone,
      };
    }
    case 'DEACTIVATE_AGENT':
      return { type, agentId: ids.agent(present(call.deactivateAgent, 'deactivate_agent').agentId.value) };
    case 'REACTIVATE_AGENT':
      return { type, agentId: ids.agent(present(call.reactivateAgent, 'reactivate_agent').agentId.value) };
    case 'MARK_AGENT_GONE':
      return { type, agentId: ids.agent(present(call.markAgentGone, 'mark_agent_gone').agentId.value) };
    case 'UPDATE_QUOTA': {
      const { force, quotaConfigs } = present(call.updateQuota, 'update_quota');
      return {
        type,
        force,
        quotaConfigs: quotaConfigs.map((config, index) =>
          quotaConfigFromWire(config, `update_quota.quota_configs[${index}]`),
        ),
      };
    }
    case 'SET_QUOTA': {
      const { quotaRequest } = present(call.setQuota, 'set_quota');
      return { type, quotaRequest: quotaRequestFromWire(quotaRequest, 'set_quota.quota_request') };
    }
    case 'REMOVE_QUOTA':
      return { type, role: present(call.removeQuota, 'remove_quota').role };
    case 'TEARDOWN':
      return { type, frameworkId: ids.framework(present(call.teardown, 'teardown').frameworkId.value) };
    default:
      return { type };
  }
}

const NANOS_PER_MICRO = 1_000;
/** The range of `google.protobuf.Duration`. */
const SECONDS_MAX = 315_576_000_000n;

function durationOf({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): Micros {
  const path = 'drain_agent.max_grace_period';
  if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX || Math.abs(nanos) > 999_999_999) {
    throw new WireError(path, 'expected at most 10,000 years, and less than a second in nanoseconds');
  }
  const value = Number(seconds) * MICROS_PER_SECOND + Math.trunc(nanos / NANOS_PER_MICRO);
  if (!Number.isSafeInteger(value)) throw new WireError(path, 'beyond 285 years');
  return micros(value);
}

/** For clients: the message of a call. */
export function operatorCallToWire(ids: IdTexts, call: OperatorCall): MessageInitShape<typeof CallSchema> {
  const type = Call_Type[call.type];
  const agent = (id: Parameters<IdTexts['agentText']>[0]) => ({ agentId: { value: ids.agentText(id) } });
  const agentOrNone = (id: Parameters<IdTexts['agentText']>[0] | null) => (id === null ? {} : agent(id));
  const wire = (resources: Parameters<typeof resourcesToWire>[0]) => resourcesToWire(resources, 'post', null);
  switch (call.type) {
    case 'GET_METRICS':
    case 'SET_LOGGING_LEVEL':
    case 'LIST_FILES':
    case 'READ_FILE':
      return { type, ...processCallToWire(call) };
    case 'UPDATE_WEIGHTS':
      return { type, updateWeights: { weightInfos: call.weightInfos.map((info) => ({ ...info })) } };
    case 'RESERVE_RESOURCES':
      return {
        type,
        reserveResources: {
          ...agent(call.agentId),
          source: wire(call.source),
          resources: wire(call.resources),
        },
      };
    case 'UNRESERVE_RESOURCES':
      return { type, unreserveResources: { ...agent(call.agentId), resources: wire(call.resources) } };
    case 'CREATE_VOLUMES':
      return { type, createVolumes: { ...agent(call.agentId), volumes: wire(call.volumes) } };
    case 'DESTROY_VOLUMES':
      return { type, destroyVolumes: { ...agent(call.agentId), volumes: wire(call.volumes) } };
    case 'GROW_VOLUME':
      return {
        type,
        growVolume: {
          ...agentOrNone(call.agentId),
          volume: wire(call.volume)[0]!,
          addition: wire(call.addition)[0]!,
        },
      };
    case 'SHRINK_VOLUME':
      return {
        type,
        shrinkVolume: {
          ...agentOrNone(call.agentId),
          volume: wire(call.volume)[0]!,
          subtract: { value: fromMilli(call.subtract) },
        },
      };
    case 'UPDATE_MAINTENANCE_SCHEDULE':
      return { type, updateMaintenanceSchedule: { schedule: scheduleToWire(call.schedule) } };
    case 'START_MAINTENANCE':
      return { type, startMaintenance: { machines: call.machines.map(machineToWire) } };
    case 'STOP_MAINTENANCE':
      return { type, stopMaintenance: { machines: call.machines.map(machineToWire) } };
    case 'DRAIN_AGENT':
      return {
        type,
        drainAgent: {
          ...agent(call.agentId),
          markGone: call.markGone,
          ...(call.maxGracePeriod === null ? {} : { maxGracePeriod: durationToWire(call.maxGracePeriod) }),
        },
      };
    case 'DEACTIVATE_AGENT':
      return { type, deactivateAgent: agent(call.agentId) };
    case 'REACTIVATE_AGENT':
      return { type, reactivateAgent: agent(call.agentId) };
    case 'MARK_AGENT_GONE':
      return { type, markAgentGone: agent(call.agentId) };
    case 'UPDATE_QUOTA':
      return {
        type,
        updateQuota: { force: call.force, quotaConfigs: call.quotaConfigs.map(quotaConfigToWire) },
      };
    case 'SET_QUOTA':
      return { type, setQuota: { quotaRequest: quotaRequestToWire(call.quotaRequest) } };
    case 'REMOVE_QUOTA':
      return { type, removeQuota: { role: call.role } };
    case 'TEARDOWN':
      return { type, teardown: { frameworkId: { value: ids.frameworkText(call.frameworkId) } } };
    default:
      return { type };
  }
}

function durationToWire(duration: Micros): { seconds: bigint; nanos: number } {
  const seconds = Math.trunc(duration / MICROS_PER_SECOND);
  return { seconds: BigInt(seconds), nanos: (duration - seconds * MICROS_PER_SECOND) * NANOS_PER_MICRO };
}
