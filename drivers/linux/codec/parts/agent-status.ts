import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AgentStatus, ResourceProviderStatus } from '../../../../engine/protocol/index.ts';
import type {
  Response_GetAgents_Agent_ResourceProviderSchema,
  Response_GetAgents_AgentSchema,
  Response_GetAgents_AgentValid,
} from '../../proto/generated/mesos/v1/master/master_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import {
  agentCapabilitiesFromWire,
  agentCapabilitiesToWire,
  agentInfoFromWire,
  agentInfoToWire,
} from './agent-info.ts';
import { drainInfoFromWire, drainInfoToWire } from './drain.ts';
import { microsToNanos, nanosToMicros, own } from './presence.ts';
import { providerFromWire, providerToWire } from './resource-provider.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';

/** `slave(1)@ip:port`, as libprocess names an agent's process. */
export function agentPid(info: {
  readonly ip: string | null;
  readonly hostname: string;
  readonly port: number;
}): string {
  return `slave(1)@${info.ip ?? info.hostname}:${info.port}`;
}

export function agentStatusToWire(
  ids: IdTexts,
  agent: AgentStatus,
): MessageInitShape<typeof Response_GetAgents_AgentSchema> {
  const { agentInfo, registeredTime, reregisteredTime, drainInfo, estimatedDrainStartTime } = agent;
  return {
    agentInfo: agentInfoToWire(ids, agentInfo),
    active: agent.active,
    deactivated: agent.deactivated,
    version: agentInfo.version,
    pid: agentPid(agentInfo),
    ...(registeredTime === null ? {} : { registeredTime: { nanoseconds: microsToNanos(registeredTime) } }),
    ...(reregisteredTime === null
      ? {}
      : { reregisteredTime: { nanoseconds: microsToNanos(reregisteredTime) } }),
    totalResources: resourcesToWire(agent.totalResources, 'endpoint', null),
    allocatedResources: resourcesToWire(agent.allocatedResources, 'endpoint', null),
    offeredResources: resourcesToWire(agent.offeredResources, 'endpoint', null),
    capabilities: agentCapabilitiesToWire(agentInfo.capabilities),
    resourceProviders: agent.resourceProviders.map(providerStatusToWire),
    ...(drainInfo === null ? {} : { drainInfo: drainInfoToWire(drainInfo) }),
    ...(estimatedDrainStartTime === null
      ? {}
      : { estimatedDrainStartTime: { nanoseconds: microsToNanos(estimatedDrainStartTime) } }),
  };
}

function providerStatusToWire(
  status: ResourceProviderStatus,
): MessageInitShape<typeof Response_GetAgents_Agent_ResourceProviderSchema> {
  return {
    resourceProviderInfo: providerToWire(status.resourceProviderInfo),
    totalResources: resourcesToWire(status.totalResources, 'endpoint', null),
  };
}

/** For clients. */
export function agentStatusFromWire(
  ids: IdTexts,
  agent: Response_GetAgents_AgentValid,
  path: string,
): AgentStatus {
  const extras = {
    ip: /@([^@:]+):\d+$/.exec(agent.pid)?.[1] ?? null,
    capabilities: agentCapabilitiesFromWire(agent.capabilities),
    version: agent.version,
  };
  const { registeredTime, reregisteredTime, estimatedDrainStartTime } = agent;
  return {
    agentInfo: agentInfoFromWire(ids, agent.agentInfo, extras, `${path}.agent_info`),
    active: agent.active,
    deactivated: own(agent, 'deactivated') ?? false,
    registeredTime: registeredTime === undefined ? null : nanosToMicros(registeredTime.nanoseconds, path),
    reregisteredTime:
      reregisteredTime === undefined ? null : nanosToMicros(reregisteredTime.nanoseconds, path),
    totalResources: resourcesFromWire(agent.totalResources, `${path}.total_resources`),
    allocatedResources: resourcesFromWire(agent.allocatedResources, `${path}.allocated_resources`),
    offeredResources: resourcesFromWire(agent.offeredResources, `${path}.offered_resources`),
    resourceProviders: agent.resourceProviders.map(({ resourceProviderInfo, totalResources }) => ({
      resourceProviderInfo: providerFromWire(resourceProviderInfo, `${path}.resource_providers`),
      totalResources: resourcesFromWire(totalResources, `${path}.resource_providers.total_resources`),
    })),
    drainInfo:
      agent.drainInfo === undefined ? null : drainInfoFromWire(agent.drainInfo, `${path}.drain_info`),
    estimatedDrainStartTime:
      estimatedDrainStartTime === undefined ? null : nanosToMicros(estimatedDrainStartTime.nanoseconds, path),
  };
}
