import { own } from './presence.ts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MasterEpoch } from '../../../../engine/core/index.ts';
import type { AgentInfo, InverseOffer, Offer, Unavailability } from '../../../../engine/protocol/index.ts';
import type { ResourceFormat } from '../../../../engine/resources/index.ts';
import type {
  InverseOfferSchema,
  InverseOfferValid,
  OfferSchema,
  OfferValid,
  UnavailabilitySchema,
  UnavailabilityValid,
  URLSchema,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { WireError } from '../message/wire-error.ts';
import { domainFromWire, domainToWire } from './agent-info.ts';
import { attributesFromWire, attributesToWire } from './attributes.ts';
import { microsToNanos, nanosToMicros } from './presence.ts';
import { allocationRoleOf, resourcesFromWire, resourcesToWire } from './resources.ts';

/** How a framework is shown resources (spec 02 §6). */
export interface OfferView {
  readonly format: ResourceFormat;
  /** MULTI_ROLE: `allocation_info` is shown. */
  readonly showsRole: boolean;
}

export function offerToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  offer: Offer,
  view: OfferView,
): MessageInitShape<typeof OfferSchema> {
  const { agent, role, unavailability } = offer;
  return {
    id: { value: ids.offerText(offer.id, epoch) },
    frameworkId: { value: ids.frameworkText(offer.frameworkId) },
    agentId: { value: ids.agentText(offer.agentId) },
    hostname: agent.hostname,
    url: agentUrl(agent),
    ...(agent.domain === null ? {} : { domain: domainToWire(agent.domain)! }),
    resources: resourcesToWire(offer.resources, view.format, view.showsRole ? role : null),
    attributes: attributesToWire(agent.attributes),
    executorIds: offer.executorIds.map((id) => ({ value: ids.executorText(id) })),
    ...(unavailability === null ? {} : { unavailability: unavailabilityToWire(unavailability) }),
    ...(view.showsRole ? { allocationInfo: { role } } : {}),
  };
}

/** Where an agent is reached (spec 03 §2). */
export function agentUrl(agent: AgentInfo): MessageInitShape<typeof URLSchema> {
  return {
    scheme: 'http',
    address: {
      hostname: agent.hostname,
      ...(agent.ip === null ? {} : { ip: agent.ip }),
      port: agent.port,
    },
    path: '/slave(1)',
  };
}

/** For clients: an offer as a scheduler sees it. `role` stands in where the master does not show it. */
export function offerFromWire(ids: IdTexts, epoch: MasterEpoch, offer: OfferValid, role: string): Offer {
  const agentId = ids.agent(offer.agentId.value);
  const resources = resourcesFromWire(offer.resources, 'resources');
  return {
    id: ids.offer(offer.id.value, epoch, 0),
    frameworkId: ids.framework(offer.frameworkId.value),
    agentId,
    agent: {
      id: agentId,
      hostname: offer.hostname,
      ip: offer.url === undefined ? null : own(offer.url.address, 'ip'),
      port: offer.url?.address.port ?? 5051,
      resources,
      attributes: attributesFromWire(offer.attributes, 'attributes'),
      domain: domainFromWire(offer.domain),
      capabilities: [],
      version: '',
    },
    role: offer.allocationInfo?.role ?? allocationRoleOf(offer.resources, 'resources') ?? role,
    resources,
    executorIds: offer.executorIds.map(({ value }) => ids.executor(value)),
    unavailability:
      offer.unavailability === undefined
        ? null
        : unavailabilityFromWire(offer.unavailability, 'unavailability'),
  };
}

export function unavailabilityToWire(
  unavailability: Unavailability,
): MessageInitShape<typeof UnavailabilitySchema> {
  const { start, duration } = unavailability;
  return {
    start: { nanoseconds: microsToNanos(start) },
    ...(duration === null ? {} : { duration: { nanoseconds: microsToNanos(duration) } }),
  };
}

export function unavailabilityFromWire(unavailability: UnavailabilityValid, path: string): Unavailability {
  const { start, duration } = unavailability;
  return {
    start: nanosToMicros(start.nanoseconds, `${path}.start`),
    duration: duration === undefined ? null : nanosToMicros(duration.nanoseconds, `${path}.duration`),
  };
}

export function inverseOfferToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  offer: InverseOffer,
): MessageInitShape<typeof InverseOfferSchema> {
  return {
    id: { value: ids.offerText(offer.id, epoch) },
    frameworkId: { value: ids.frameworkText(offer.frameworkId) },
    agentId: { value: ids.agentText(offer.agentId) },
    unavailability: unavailabilityToWire(offer.unavailability),
  };
}

export function inverseOfferFromWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  offer: InverseOfferValid,
): InverseOffer {
  if (offer.agentId === undefined) throw new WireError('agent_id', 'required, and missing');
  return {
    id: ids.offer(offer.id.value, epoch, 0),
    frameworkId: ids.framework(offer.frameworkId.value),
    agentId: ids.agent(offer.agentId.value),
    unavailability: unavailabilityFromWire(offer.unavailability, 'unavailability'),
  };
}
