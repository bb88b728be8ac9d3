import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AgentCapability, AgentInfo, DomainInfo } from '../../../../engine/protocol/index.ts';
import {
  AgentInfo_Capability_Type,
  type AgentInfo_CapabilitySchema,
  type AgentInfo_CapabilityValid,
  type AgentInfoSchema,
  type AgentInfoValid,
  type DomainInfoSchema,
  type DomainInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { attributesFromWire, attributesToWire } from './attributes.ts';
import { namesOf, own } from './presence.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';

const capabilityName = namesOf(AgentInfo_Capability_Type);

export function domainFromWire(domain: DomainInfoValid | undefined): DomainInfo | null {
  const fault = domain?.faultDomain;
  return fault === undefined ? null : { region: fault.region.name, zone: fault.zone.name };
}

export function domainToWire(
  domain: DomainInfo | null,
): MessageInitShape<typeof DomainInfoSchema> | undefined {
  if (domain === null) return undefined;
  return { faultDomain: { region: { name: domain.region }, zone: { name: domain.zone } } };
}

/** Capabilities that this version does not know are left out. */
export function agentCapabilitiesFromWire(
  capabilities: readonly AgentInfo_CapabilityValid[],
): AgentCapability[] {
  const known: AgentCapability[] = [];
  for (const capability of capabilities) {
    const type = own(capability, 'type');
    const name = type === null ? 'UNKNOWN' : capabilityName(type);
    if (name !== 'UNKNOWN') known.push(name);
  }
  return known;
}

export function agentCapabilitiesToWire(
  capabilities: readonly AgentCapability[],
): MessageInitShape<typeof AgentInfo_CapabilitySchema>[] {
  return capabilities.map((name) => ({ type: AgentInfo_Capability_Type[name] }));
}

/** What the message does not hold stands beside it wherever an agent is told of: capabilities, version and address. */
export interface AgentInfoExtras {
  readonly ip: string | null;
  readonly capabilities: readonly AgentCapability[];
  readonly version: string;
}

export function agentInfoFromWire(
  ids: IdTexts,
  info: AgentInfoValid,
  extras: AgentInfoExtras,
  path: string,
): AgentInfo {
  return {
    id: info.id === undefined ? null : ids.agent(info.id.value),
    hostname: info.hostname,
    ip: extras.ip,
    port: info.port,
    resources: resourcesFromWire(info.resources, `${path}.resources`),
    attributes: attributesFromWire(info.attributes, `${path}.attributes`),
    domain: domainFromWire(info.domain),
    capabilities: extras.capabilities,
    version: extras.version,
  };
}

/** In the endpoint format of resources (spec 02 §6). */
export function agentInfoToWire(ids: IdTexts, info: AgentInfo): MessageInitShape<typeof AgentInfoSchema> {
  return {
    ...(info.id === null ? {} : { id: { value: ids.agentText(info.id) } }),
    hostname: info.hostname,
    port: info.port,
    resources: resourcesToWire(info.resources, 'endpoint', null),
    attributes: attributesToWire(info.attributes),
    ...(info.domain === null ? {} : { domain: domainToWire(info.domain)! }),
  };
}
